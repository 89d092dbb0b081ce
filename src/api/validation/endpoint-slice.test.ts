import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems as problemsOf, updateProblems as updateProblemsOf } from './judged.fixture.ts';

const slice = (rest: object = {}) =>
  objectOf(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    { addressType: 'IPv4', endpoints: [], ...rest },
    { namespace: 'default' },
  );
const problems = (rest: object) => problemsOf(slice(rest));
const endpoint = (rest: object = {}) => ({ addresses: ['10.0.0.1'], ...rest });

test('validateEndpointSlice takes each type of address', () => {
  const hints = { forZones: [{ name: 'a' }], forNodes: [{ name: 'n' }] };
  assert.deepEqual(problems({ endpoints: [endpoint({ hostname: 'a', nodeName: 'n', hints })] }), []);
  assert.deepEqual(problems({ addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'] }] }), []);
  assert.deepEqual(problems({ addressType: 'FQDN', endpoints: [{ addresses: ['a.example.com.'] }] }), []);
  assert.deepEqual(problems({ ports: [{ port: 80 }, { name: 'a', protocol: 'UDP' }] }), []);
});

test('validateEndpointSlice refuses addresses of another type', () => {
  assert.deepEqual(problems({ addressType: '' }), ['addressType: Required value']);
  assert.deepEqual(problems({ addressType: 'IP' }), [
    'addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"',
  ]);
  assert.deepEqual(problems({ endpoints: [endpoint(), { addresses: ['x', 'fd00::1', '224.0.0.1'] }] }), [
    'endpoints[1].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'endpoints[1].addresses[1]: Invalid value: "fd00::1": must be an IPv4 address',
    'endpoints[1].addresses[2]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ]);
  assert.deepEqual(problems({ addressType: 'FQDN', endpoints: [{ addresses: ['host'] }] }), [
    'endpoints[0].addresses[0]: Invalid value: "host": should be a domain with at least two segments separated by dots',
  ]);
});

test('validateEndpointSlice bounds its lists', () => {
  const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
  assert.deepEqual(problems({ endpoints: many(1001, endpoint()) }), [
    'endpoints: Too many: 1001: must have at most 1000 items',
  ]);
  assert.deepEqual(problems({ endpoints: [{ addresses: [] }, { addresses: many(101, '10.0.0.1') }] }), [
    'endpoints[0].addresses: Required value: must contain at least 1 address',
    'endpoints[1].addresses: Too many: 101: must have at most 100 items',
  ]);
  assert.deepEqual(problems({ ports: many(20_001, { port: 80 }) }), [
    'ports: Too many: 20001: must have at most 20000 items',
  ]);
  const hints = {
    forZones: many(9, { name: 'a' }),
    forNodes: [{ name: 'n' }, { name: 'n' }, { name: 'a_b' }],
  };
  const listed = problems({ endpoints: [endpoint({ hints })] });
  assert.deepEqual(listed.slice(0, 2), [
    'endpoints[0].hints.forZones: Too many: 9: must have at most 8 items',
    'endpoints[0].hints.forNodes[1].name: Duplicate value: "n"',
  ]);
  assert.match(listed[2]!, /^endpoints\[0\]\.hints\.forNodes\[2\]\.name: Invalid value: "a_b"/);
});

test('validateEndpointSlice refuses wrong ports and names', () => {
  const listed = problems({
    ports: [{ port: 80 }, { port: 81 }, { name: 'A', protocol: 'ICMP', appProtocol: 'a b' }],
    endpoints: [endpoint({ hostname: 'A', nodeName: 'a_b' })],
  });
  assert.deepEqual(
    listed.map((text) => text.split(': ').slice(0, 2).join(': ')),
    [
      'ports[1].name: Duplicate value',
      'ports[2].name: Invalid value',
      'ports[2].protocol: Unsupported value',
      'ports[2].appProtocol: Invalid value',
      'endpoints[0].nodeName: Invalid value',
      'endpoints[0].hostname: Invalid value',
    ],
  );
});

test('validateEndpointSliceUpdate keeps the type, and lets endpoints be that stay as they were', () => {
  const old = slice({ endpoints: [{ addresses: ['010.0.0.1'] }] });
  assert.deepEqual(
    updateProblemsOf(slice({ endpoints: [{ addresses: ['010.0.0.1'] }], ports: [{ port: 1 }] }), old),
    [],
  );
  assert.equal(updateProblemsOf(slice({ endpoints: [{ addresses: ['010.0.0.2'] }] }), old).length, 1);
  assert.deepEqual(updateProblemsOf(slice({ addressType: 'IPv6' }), slice()), [
    'addressType: Invalid value: "IPv6": field is immutable',
  ]);
});
