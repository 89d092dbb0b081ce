import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  objectOf,
  problems as problemsOf,
  statusProblems,
  updateProblems as updateProblemsOf,
} from './judged.fixture.ts';

const service = (spec: object = {}, annotations?: object) =>
  objectOf(
    'v1',
    'Service',
    { spec: { ports: [{ port: 80 }], ...spec } },
    { namespace: 'default', ...(annotations && { annotations }) },
  );
const problems = (spec: object, annotations?: object) => problemsOf(service(spec, annotations));
const updateProblems = (spec: object, old: object) => updateProblemsOf(service(spec), service(old));

test('validateService takes what is right', () => {
  const right = [
    {},
    { type: 'ExternalName', ports: [], externalName: 'db.example.com.' },
    { clusterIP: 'None', ports: [] },
    { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] },
    {
      type: 'NodePort',
      ports: [{ port: 80, nodePort: 30_080, targetPort: 'http', appProtocol: 'k8s.io/h2c' }],
    },
    {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 30_001,
      loadBalancerClass: 'example.com/lb',
      loadBalancerSourceRanges: [' 10.0.0.0/8 '],
    },
    { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_400 } } },
    { externalIPs: ['192.0.2.1'], externalTrafficPolicy: 'Local', trafficDistribution: 'PreferSameNode' },
    { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] },
    {
      ports: [
        { name: 'a', port: 53 },
        { name: 'b', port: 53, protocol: 'UDP' },
      ],
    },
  ];
  for (const spec of right) assert.deepEqual(problems(spec), []);
});

test('validateService lets names start with a digit', () => {
  assert.deepEqual(
    problemsOf(
      objectOf('v1', 'Service', { spec: { ports: [{ port: 1 }] } }, { name: '1st', namespace: 'default' }),
    ),
    [],
  );
});

test('validateService refuses words that there are not', () => {
  assert.deepEqual(
    problems({
      type: 'Web',
      sessionAffinity: 'Cookie',
      internalTrafficPolicy: 'Any',
      trafficDistribution: 'x',
    }),
    [
      'spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"',
      'spec.type: Unsupported value: "Web": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      'spec.internalTrafficPolicy: Unsupported value: "Any": supported values: "Cluster", "Local"',
      'spec.trafficDistribution: Unsupported value: "x": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
    ],
  );
});

test('validateService refuses ports that clash or say too little', () => {
  assert.deepEqual(problems({ ports: [] }), ['spec.ports: Required value']);
  const ports = [
    { name: 'a', port: 80, appProtocol: 'a b' },
    { name: 'a', port: 80 },
    { port: 0, protocol: 'ICMP', targetPort: 'A_B' },
  ];
  const listed = problems({ ports });
  assert.match(listed[0]!, /^spec\.ports\[0\]\.appProtocol: Invalid value: "a b": name part must consist/);
  assert.deepEqual(listed.slice(1), [
    'spec.ports[1].name: Duplicate value: "a"',
    'spec.ports[2].name: Required value',
    'spec.ports[2].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.ports[2].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    'spec.ports[2].targetPort: Invalid value: "A_B": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}',
  ]);
});

test('validateService refuses node ports where there are none, and two that are one', () => {
  assert.deepEqual(problems({ ports: [{ port: 80, nodePort: 30_080 }] }), [
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ]);
  const ports = [
    { name: 'a', port: 80, nodePort: 30_080 },
    { name: 'b', port: 81, nodePort: 30_080 },
  ];
  assert.deepEqual(problems({ type: 'NodePort', ports }), ['spec.ports[1].nodePort: Duplicate value: 30080']);
});

test('validateService keeps aliases without addresses', () => {
  const alias = {
    type: 'ExternalName',
    ports: [],
    clusterIP: '10.96.0.7',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  };
  assert.deepEqual(problems(alias), [
    'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
    'spec.ipFamilies: Forbidden: may not be set for ExternalName services',
    'spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services',
    'spec.externalName: Required value',
  ]);
  assert.match(
    problems({ type: 'ExternalName', ports: [], externalName: 'a_b' })[0]!,
    /^spec\.externalName: Invalid value: "a_b": a lowercase RFC 1123 subdomain/,
  );
});

test('validateService refuses addresses that are none, or not of their family', () => {
  const cases: [object, string[]][] = [
    [
      { clusterIP: '10.1' },
      [
        'spec.clusterIPs[0]: Invalid value: "10.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      { clusterIP: '10.096.0.7' },
      ['spec.clusterIPs[0]: Invalid value: "10.096.0.7": must not have leading 0s'],
    ],
    [
      { clusterIPs: ['10.96.0.7'] },
      ['spec.clusterIPs: Invalid value: ["10.96.0.7"]: must be empty when `clusterIP` is not specified'],
    ],
    [
      { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.8', '10.96.0.9'] },
      [
        'spec.clusterIPs: Invalid value: ["10.96.0.8","10.96.0.9"]: first value must match `clusterIP`',
        'spec.clusterIPs: Invalid value: ["10.96.0.8","10.96.0.9"]: may specify no more than one IP for each IP family',
      ],
    ],
    [
      { clusterIP: 'None', clusterIPs: ['None', '::1'] },
      ['spec.clusterIPs: Invalid value: ["None","::1"]: \'None\' must be the first and only value'],
    ],
    [
      { type: 'NodePort', clusterIP: 'None' },
      ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
    ],
    [
      { clusterIP: 'fd00::1', ipFamilies: ['IPv4'] },
      [
        'spec.clusterIPs[0]: Invalid value: "fd00::1": expected an IPv4 value as indicated by `ipFamilies[0]`',
      ],
    ],
    [
      { ipFamilies: ['IPv4', 'IPv4', 'IPv5'], ipFamilyPolicy: 'Both' },
      [
        'spec.ipFamilies[1]: Duplicate value: "IPv4"',
        'spec.ipFamilies[2]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
        'spec.ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
      ],
    ],
    [
      { externalIPs: ['127.0.0.1', '0.0.0.0', '169.254.1.1', '::ffff:1.2.3.4', 'x'] },
      [
        'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
        'spec.externalIPs[2]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
        'spec.externalIPs[3]: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address',
        'spec.externalIPs[4]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
  ];
  for (const [spec, expected] of cases) assert.deepEqual(problems(spec), expected);
});

test('validateService refuses what only load balancers have', () => {
  const spec = {
    loadBalancerSourceRanges: ['10.0.0.1/8'],
    allocateLoadBalancerNodePorts: true,
    loadBalancerClass: 'x',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 30_001,
  };
  assert.deepEqual(problems(spec), [
    "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
    "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
    "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
  ]);
  const balancer = {
    type: 'LoadBalancer',
    loadBalancerClass: 'a/b/c',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 70_000,
  };
  const listed = problems(balancer);
  assert.match(listed[0]!, /^spec\.loadBalancerClass: Invalid value: "a\/b\/c": a qualified name/);
  assert.deepEqual(listed.slice(1), [
    'spec.healthCheckNodePort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ]);
});

test('validateService reads the annotations that were fields once, or two names of one thing', () => {
  const ranges = 'service.beta.kubernetes.io/load-balancer-source-ranges';
  assert.deepEqual(problems({ type: 'LoadBalancer' }, { [ranges]: '10.0.0.0/8, 10.0.0.0/08' }), [
    `metadata.annotations[${ranges}]: Invalid value: "10.0.0.0/08": must not have leading 0s in IP or prefix length`,
  ]);
  assert.deepEqual(problems({}, { [ranges]: ' ' }), [
    `metadata.annotations[${ranges}]: Forbidden: may only be used when \`type\` is 'LoadBalancer'`,
  ]);
  const topology = {
    'service.kubernetes.io/topology-mode': 'Auto',
    'service.kubernetes.io/topology-aware-hints': 'Disabled',
  };
  assert.deepEqual(problems({}, topology), [
    'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified',
  ]);
});

test('validateService bounds how long clients stay', () => {
  const affinity = (timeoutSeconds: number) => ({
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds } },
  });
  for (const seconds of [0, 86_401])
    assert.deepEqual(problems(affinity(seconds)), [
      `spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: ${seconds}: must be greater than 0 and less than 86400`,
    ]);
});

test('validateServiceUpdate keeps the first address, and lets the second come and go', () => {
  const single = {
    clusterIP: '10.96.0.7',
    clusterIPs: ['10.96.0.7'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  };
  const dual = {
    clusterIP: '10.96.0.7',
    clusterIPs: ['10.96.0.7', 'fd00::7'],
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'PreferDualStack',
  };
  assert.deepEqual(updateProblems(dual, single), []);
  assert.deepEqual(updateProblems(single, dual), []);
  assert.deepEqual(updateProblems({ ...single, ipFamilyPolicy: 'PreferDualStack' }, dual), [
    'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to \'SingleStack\' when releasing the secondary clusterIP',
    'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to \'SingleStack\' when releasing the secondary ipFamily',
  ]);
  assert.deepEqual(updateProblems({ ...single, clusterIP: '10.96.0.8', clusterIPs: ['10.96.0.8'] }, single), [
    'spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set',
  ]);
  assert.deepEqual(updateProblems({}, single), [
    'spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset',
  ]);
  assert.deepEqual(updateProblems({ ...single, clusterIP: 'None', clusterIPs: ['None'] }, single), [
    'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set',
  ]);
  const v6 = { clusterIP: '10.96.0.7', ipFamilies: ['IPv6'] };
  assert.ok(
    updateProblems(v6, single).includes(
      'spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set',
    ),
  );
});

test('validateServiceUpdate lets a Service become an alias and be one no more', () => {
  const alias = { type: 'ExternalName', ports: [], externalName: 'db.example.com' };
  const single = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] };
  assert.deepEqual(updateProblems(alias, single), []);
  assert.deepEqual(updateProblems(single, alias), []);
});

test('validateServiceUpdate keeps the class and the health port of a load balancer', () => {
  const balancer = {
    type: 'LoadBalancer',
    loadBalancerClass: 'a/b',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 30_001,
  };
  assert.deepEqual(
    updateProblems({ ...balancer, loadBalancerClass: 'a/c', healthCheckNodePort: 30_002 }, balancer),
    [
      'spec.loadBalancerClass: Invalid value: "a/c": may not change once set',
      'spec.healthCheckNodePort: Forbidden: field is immutable',
    ],
  );
});

test('validateServiceUpdate lets addresses stay that were taken before they were looked at', () => {
  const old = { externalIPs: ['010.0.0.1'], type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.1/8'] };
  assert.deepEqual(updateProblems({ ...old, ports: [{ port: 81 }] }, old), []);
  assert.equal(updateProblems({ ...old, externalIPs: ['010.0.0.2'] }, old).length, 1);
});

test('validateServiceStatus looks at what load balancers say', () => {
  const problemsOfStatus = (ingress: object[], type = 'LoadBalancer', before: object[] = []) =>
    statusProblems(service({ type }), { loadBalancer: { ingress } }, { loadBalancer: { ingress: before } });
  assert.deepEqual(
    problemsOfStatus([{ ip: '192.0.2.1', ipMode: 'VIP' }, { hostname: 'lb.example.com' }]),
    [],
  );
  assert.deepEqual(problemsOfStatus([{ hostname: 'a' }], 'ClusterIP'), [
    "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
  ]);
  assert.deepEqual(
    problemsOfStatus([
      { ip: 'x', ipMode: 'Any' },
      { hostname: '192.0.2.1', ipMode: 'VIP' },
    ]),
    [
      'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'status.loadBalancer.ingress[0].ipMode: Unsupported value: "Any": supported values: "Proxy", "VIP"',
      'status.loadBalancer.ingress[1].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address',
      'status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set',
    ],
  );
  const kept = { ip: '010.0.0.1', ipMode: 'VIP' };
  assert.deepEqual(problemsOfStatus([kept], 'LoadBalancer', [kept]), []);
  assert.deepEqual(problemsOfStatus([{ ip: '192.0.2.1' }]), [
    'status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set',
  ]);
});
