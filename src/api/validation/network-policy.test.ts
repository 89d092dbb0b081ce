import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems, updateProblems } from './judged.fixture.ts';

const policy = (spec: object) =>
  objectOf('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ...spec } });
const said = (spec: object) => problems(policy(spec));

test('validateNetworkPolicy takes peers, ranges of ports and parts of ranges', () => {
  const block = { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] };
  const ports = [
    { port: 80, endPort: 90 },
    { port: 'http', protocol: 'UDP' },
  ];
  const from = [{ ipBlock: block }, { podSelector: {}, namespaceSelector: {} }];
  assert.deepEqual(said({ ingress: [{ ports, from }], egress: [{}] }), []);
});

test('validateNetworkPolicy refuses ports that are none', () => {
  const at = 'spec.ingress[0].ports';
  const ports = [
    { port: 90, endPort: 80 },
    { port: 'http', endPort: 80 },
    { endPort: 80 },
    { protocol: 'ICMP' },
  ];
  assert.deepEqual(said({ ingress: [{ ports }] }), [
    `${at}[0].endPort: Invalid value: 90: must be greater than or equal to \`port\``,
    `${at}[1].endPort: Invalid value: 80: may not be specified when \`port\` is non-numeric`,
    `${at}[2].endPort: Invalid value: 80: may not be specified when \`port\` is not specified`,
    `${at}[3].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"`,
  ]);
});

test('validateNetworkPolicy refuses peers that are none or two, and parts that are no parts', () => {
  const cidr = '10.0.0.0/8';
  const to = [
    {},
    { podSelector: {}, ipBlock: { cidr } },
    { ipBlock: { cidr, except: ['11.0.0.0/16', cidr] } },
  ];
  assert.deepEqual(said({ egress: [{ to }] }), [
    'spec.egress[0].to[0]: Required value: must specify a peer',
    'spec.egress[0].to[1]: Forbidden: may not specify both ipBlock and another peer',
    'spec.egress[0].to[2].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    'spec.egress[0].to[2].ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
  ]);
});

test('validateNetworkPolicy refuses types that there are not, and selectors without a key', () => {
  assert.deepEqual(said({ policyTypes: ['Both'] }), [
    'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
  ]);
  assert.deepEqual(said({ podSelector: { matchExpressions: [{ operator: 'Exists' }] } }), [
    'spec.podSelector.matchExpressions[0].key: Invalid value: "": name part must be non-empty',
  ]);
});

test('validateNetworkPolicyUpdate lets ranges stay, wherever they go', () => {
  const from = (cidr: string) => [{ from: [{ ipBlock: { cidr } }] }];
  const old = policy({ ingress: from('10.0.0.1/8') });
  assert.deepEqual(updateProblems(policy({ ingress: [{}, ...from('10.0.0.1/8')] }), old), []);
  assert.deepEqual(updateProblems(policy({ ingress: from('10.0.0.2/8') }), old), [
    'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.2/8": must not have bits set beyond the prefix length',
  ]);
});
