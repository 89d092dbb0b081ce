import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSubset, Endpoints, Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from '../../api/resources.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import { ENDPOINTS_PER_MIRROR_MAX, isMirrored, reconcileMirror } from './mirror.ts';
import { newEndpointSliceMirroring } from './mirroring-controller.ts';

const never = new AbortController().signal;
const METADATA = { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
const PORTS = [{ name: 'http', port: 80, protocol: 'TCP' }];

const endpoints = (subsets: EndpointSubset[], metadata: object = {}): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { ...METADATA, ...metadata },
  subsets,
});
const service = (selector?: Record<string, string>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: METADATA,
  spec: { ports: [{ port: 80 }], ...(selector && { selector }) },
});
const stored = (slice: object): EndpointSlice => ({ ...(slice as EndpointSlice) });

test('isMirrored leaves alone what has a controller of its own', () => {
  equal(isMirrored(endpoints([]), service()), true);
  equal(isMirrored(endpoints([]), undefined), false);
  equal(isMirrored(endpoints([]), service({ app: 'web' })), false);
  const label = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  equal(isMirrored(endpoints([], { labels: label }), service()), false);
  const lease = { 'control-plane.alpha.kubernetes.io/leader': '{}' };
  equal(isMirrored(endpoints([], { annotations: lease }), service()), false);
});

test('reconcileMirror makes a slice of each family and set of ports', () => {
  const { create } = reconcileMirror(
    endpoints(
      [
        { addresses: [{ ip: '10.0.0.1', hostname: 'a' }, { ip: 'fd00::1' }], ports: PORTS },
        { notReadyAddresses: [{ ip: '10.0.0.2' }], ports: PORTS },
        { addresses: [{ ip: '10.0.0.3' }], ports: [{ port: 81 }] },
      ],
      {
        labels: { team: 'a' },
        annotations: { note: 'n', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
    ),
    [],
  );
  deepEqual(create[0], {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: 'web-',
      namespace: 'default',
      labels: {
        team: 'a',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      annotations: { note: 'n' },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Endpoints',
          name: 'web',
          uid: 'u',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.0.0.1'], conditions: { ready: true }, hostname: 'a' },
      { addresses: ['10.0.0.2'], conditions: { ready: false } },
    ],
    ports: PORTS,
  });
  const facts = create
    .slice(1)
    .map(({ addressType, ports, endpoints: list }) => [addressType, ports?.[0]?.port, list?.length]);
  deepEqual(facts, [
    ['IPv6', 80, 1],
    ['IPv4', 81, 1],
  ]);
});

test('reconcileMirror changes a slice where it is, and leaves alone what is right', () => {
  const before = endpoints([{ addresses: [{ ip: '10.0.0.1' }], ports: PORTS }], { annotations: { a: 'b' } });
  const slice = stored(reconcileMirror(before, []).create[0]!);
  deepEqual(reconcileMirror(before, [slice]), { create: [], update: [], delete: [] });
  const surplus = stored({ ...slice, addressType: 'IPv6' });
  const after = endpoints([{ addresses: [{ ip: '10.0.0.9' }], ports: PORTS }]);
  const plan = reconcileMirror(after, [slice, surplus]);
  deepEqual(plan.update[0]!.endpoints, [{ addresses: ['10.0.0.9'], conditions: { ready: true } }]);
  equal(plan.update[0]!.metadata.annotations, undefined);
  deepEqual([plan.create, plan.delete], [[], [surplus]]);
});

test('reconcileMirror stops at what a slice holds', () => {
  const addresses = Array.from({ length: 1001 }, (_, i) => ({ ip: `10.0.${i >> 8}.${i & 255}` }));
  const [slice] = reconcileMirror(endpoints([{ addresses, ports: PORTS }]), []).create;
  equal(slice!.endpoints!.length, ENDPOINTS_PER_MIRROR_MAX);
});

const addresses = ({ api }: ControllerBench) =>
  api
    .objects<EndpointSlice>(ENDPOINT_SLICES)
    .flatMap(({ endpoints: list = [] }) => list.flatMap((each) => each.addresses));

test('newEndpointSliceMirroring follows Endpoints and their Service', async () => {
  const bench = newControllerBench({ seed: 1, controllers: [newEndpointSliceMirroring] });
  const { client, clock } = bench;
  const { uid: _u, resourceVersion: _r, creationTimestamp: _c, ...metadata } = METADATA;
  await client.create<Service>(SERVICES, { ...service(), metadata }, never);
  const made = await client.create<Endpoints>(
    ENDPOINTS,
    { ...endpoints([{ addresses: [{ ip: '10.0.0.1' }], ports: PORTS }]), metadata },
    never,
  );
  await clock.advance(1000);
  deepEqual(addresses(bench), ['10.0.0.1']);
  await client.update<Endpoints>(
    ENDPOINTS,
    { ...made, subsets: [{ addresses: [{ ip: '10.0.0.2' }], ports: PORTS }] },
    never,
  );
  await clock.advance(1000);
  deepEqual(addresses(bench), ['10.0.0.2']);
  const patch = { type: 'merge', body: { spec: { selector: { app: 'web' } } } } as const;
  await client.patch(SERVICES, metadata, patch, never);
  await clock.advance(1000);
  deepEqual(addresses(bench), []);
  await bench.end();
});
