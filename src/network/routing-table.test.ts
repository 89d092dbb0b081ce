import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Service } from '../api/generated/core-v1.ts';
import type { EndpointConditions, EndpointSlice } from '../api/generated/discovery-v1.ts';
import { planRoutingTable } from './routing-table.ts';

const metadata = (name: string) => ({
  name,
  namespace: 'shop',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '',
});

function service(spec: Partial<Service['spec']> = {}, labels: Record<string, string> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata('web'), labels },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80 }], ...spec },
  } as Service;
}

interface EndpointFacts {
  ip: string;
  conditions?: EndpointConditions;
  nodeName?: string;
}

function slice(
  name: string,
  endpoints: EndpointFacts[],
  changes: Partial<EndpointSlice> = {},
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata(name), labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: endpoints.map(({ ip, ...rest }) => ({ addresses: [ip], ...rest })),
    ...changes,
  };
}

/** The addresses to which the only port sends traffic. */
function endpointsOf(services: Service[], slices: EndpointSlice[]): string[] {
  const [route] = planRoutingTable(services, slices, 'node-1').ports;
  return (route?.endpoints ?? []).map(({ ip, port }) => `${ip}:${port}`);
}

const TERMINATING = { ready: false, serving: true, terminating: true };

test('planRoutingTable sends traffic to ready endpoints, sorted, each once', () => {
  const slices = [
    slice('b', [{ ip: '10.0.0.3' }, { ip: '10.0.0.1', conditions: { ready: true } }]),
    slice('a', [{ ip: '10.0.0.3' }, { ip: '10.0.0.2', conditions: { ready: false } }]),
  ];
  assert.deepEqual(endpointsOf([service()], slices), ['10.0.0.1:8080', '10.0.0.3:8080']);
});

test('planRoutingTable falls back to serving terminating endpoints when none is ready', () => {
  const leaving = { ip: '10.0.0.2', conditions: TERMINATING };
  const broken = { ip: '10.0.0.3', conditions: { ...TERMINATING, serving: false } };
  assert.deepEqual(endpointsOf([service()], [slice('a', [leaving, broken])]), ['10.0.0.2:8080']);
  assert.deepEqual(endpointsOf([service()], [slice('a', [leaving, { ip: '10.0.0.1' }])]), ['10.0.0.1:8080']);
});

test('planRoutingTable keeps to local endpoints where the traffic policy says so', () => {
  const slices = [
    slice('a', [
      { ip: '10.0.0.1', nodeName: 'node-1' },
      { ip: '10.0.0.2', nodeName: 'node-2' },
    ]),
  ];
  const local = service({
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    ports: [{ name: 'http', port: 80, nodePort: 30080 }],
  });
  const [route] = planRoutingTable([local], slices, 'node-1').ports;
  assert.equal(route?.nodePort, 30080);
  assert.deepEqual(
    route?.externalEndpoints.map(({ ip }) => ip),
    ['10.0.0.1'],
  );
  assert.equal(route?.endpoints.length, 2);
  assert.deepEqual(endpointsOf([service({ internalTrafficPolicy: 'Local' })], slices), ['10.0.0.1:8080']);
});

test('planRoutingTable plans a Service anew when the Service, one of its slices or the node is another, and only then', () => {
  const one = service();
  const other: Service = { ...service(), metadata: metadata('api') };
  const slices = [slice('a', [{ ip: '10.0.0.1' }]), slice('b', [{ ip: '10.0.0.2' }])];
  const [api, web] = planRoutingTable([one, other], slices, 'node-1').ports;
  const again = planRoutingTable([other, one], [...slices], 'node-2').ports;
  assert.deepEqual(again, [api, web]);
  assert.equal(again[1], web, 'the same on every node');
  const changed = [slices[0]!, slice('b', [{ ip: '10.0.0.3' }])];
  assert.deepEqual(endpointsOf([one], changed), ['10.0.0.1:8080', '10.0.0.3:8080']);
  assert.deepEqual(endpointsOf([one], changed.slice(0, 1)), ['10.0.0.1:8080']);
  assert.deepEqual(endpointsOf([service({ ports: [{ name: 'none', port: 80 }] })], slices), []);
  const local = service({ internalTrafficPolicy: 'Local' });
  const placed = [slice('a', [{ ip: '10.0.0.1', nodeName: 'node-1' }])];
  const ipsOn = (node: string) =>
    planRoutingTable([local], placed, node).ports.flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip));
  assert.deepEqual([ipsOn('node-1'), ipsOn('node-2'), ipsOn('node-1')], [['10.0.0.1'], [], ['10.0.0.1']]);
});

test('planRoutingTable matches ports by name and protocol', () => {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ];
  const slices = [
    slice('a', [{ ip: '10.0.0.1' }], {
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: 'dns', port: 5353, protocol: 'UDP' },
        { name: 'dns', port: 5353, protocol: 'TCP' },
      ],
    }),
  ];
  const routes = planRoutingTable([service({ ports })], slices, 'node-1').ports;
  assert.deepEqual(
    routes.map(({ id, protocol, endpoints }) => [id, protocol, endpoints[0]?.port]),
    [
      ['shop/web:dns', 'UDP', 5353],
      ['shop/web:http', 'TCP', 8080],
    ],
  );
});

test('planRoutingTable keeps a Service port without endpoints, so that it is refused', () => {
  const [route] = planRoutingTable([service()], [], 'node-1').ports;
  assert.deepEqual(route?.endpoints, []);
  assert.deepEqual(route?.virtualAddresses, [{ ip: '10.96.0.7', port: 80 }]);
});

test('planRoutingTable leaves out Services that have no address or another proxy', () => {
  const skipped = [
    service({ clusterIP: 'None' }),
    service({ clusterIP: '' }),
    service({ type: 'ExternalName' }),
    service({}, { 'service.kubernetes.io/service-proxy-name': 'mesh' }),
  ];
  for (const one of skipped) assert.deepEqual(planRoutingTable([one], [], 'node-1').ports, []);
});

test('planRoutingTable gives ClientIP affinity its timeout, three hours by default', () => {
  const sticky = (timeoutSeconds?: number) =>
    service({
      sessionAffinity: 'ClientIP',
      ...(timeoutSeconds === undefined ? {} : { sessionAffinityConfig: { clientIP: { timeoutSeconds } } }),
    });
  assert.equal(planRoutingTable([sticky()], [], 'n').ports[0]?.affinityMs, 10_800_000);
  assert.equal(planRoutingTable([sticky(60)], [], 'n').ports[0]?.affinityMs, 60_000);
});

test('planRoutingTable does not depend on the order of its inputs', () => {
  const facts = fc.record({
    ip: fc.integer({ min: 1, max: 6 }).map((n) => `10.0.0.${n}`),
    conditions: fc.record({ ready: fc.boolean(), serving: fc.boolean(), terminating: fc.boolean() }),
  });
  const names = ['a', 'b', 'c'];
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(facts, { selector: ({ ip }) => ip }), { maxLength: 3 }), (lists) => {
      const slices = lists.map((list, i) => slice(names[i] ?? '', list));
      const plan = planRoutingTable([service()], slices, 'node-1');
      assert.deepEqual(planRoutingTable([service()], slices.toReversed(), 'node-1'), plan);
    }),
  );
});
