import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { newCoreEndpoints } from './core-endpoints.ts';
import { ENDPOINTS_PER_SLICE_MAX, reconcileEndpointSlices } from './reconcile.ts';

const SERVICE: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 's-1',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { team: 'a' },
  },
  spec: {
    selector: { app: 'web' },
    clusterIP: '10.0.0.9',
    ipFamilies: ['IPv4'],
    ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }],
  },
};

interface PodFacts {
  isReady?: boolean;
  isTerminating?: boolean;
  port?: number;
  phase?: string;
}

function pod(index: number, facts: PodFacts = {}): Pod {
  const { isReady = true, isTerminating = false, port = 8080, phase = 'Running' } = facts;
  const ip = `10.1.${Math.floor(index / 200)}.${index % 200}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `web-${index}`,
      namespace: 'shop',
      uid: `p-${index}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(isTerminating ? { deletionTimestamp: '2026-01-01T00:01:00Z' } : {}),
    },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'web', image: 'web', ports: [{ name: 'web', containerPort: port }] }],
    },
    status: {
      phase,
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [
        { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:30Z' },
      ],
    },
  };
}

const zoneOf = () => 'z1';
const reconcile = (pods: Pod[], slices: EndpointSlice[] = [], service = SERVICE) =>
  reconcileEndpointSlices(service, { pods, slices, zoneOf });

/** What the server would hold after `reconcile` from nothing. */
function stored(pods: Pod[], service = SERVICE): EndpointSlice[] {
  return reconcile(pods, [], service).create.map((slice, index) => ({
    ...slice,
    metadata: {
      creationTimestamp: '',
      ...slice.metadata,
      name: `web-${index}`,
      uid: `e-${index}`,
      resourceVersion: '1',
    },
  }));
}

test('reconcileEndpointSlices writes an endpoint as upstream does', () => {
  const { create, update, delete: deleted } = reconcile([pod(1)]);
  deepEqual([update, deleted], [[], []]);
  deepEqual(create, [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        generateName: 'web-',
        namespace: 'shop',
        labels: {
          team: 'a',
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:30.000Z' },
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'Service',
            name: 'web',
            uid: 's-1',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.1.0.1'],
          conditions: { ready: true, serving: true, terminating: false },
          targetRef: { kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'p-1' },
          nodeName: 'node-1',
          zone: 'z1',
        },
      ],
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    },
  ]);
});

test('reconcileEndpointSlices plans nothing when nothing changed', () => {
  const pods = [pod(1), pod(2)];
  deepEqual(reconcile(pods, stored(pods)), { create: [], update: [], delete: [] });
});

test('reconcileEndpointSlices keeps a Pod that is not ready, and one that terminates while it serves', () => {
  const slices = stored([pod(1), pod(2)]);
  const plan = reconcile([pod(1, { isReady: false }), pod(2, { isTerminating: true })], slices);
  deepEqual(
    plan.update.flatMap((slice) => slice.endpoints?.map(({ conditions }) => conditions)),
    [
      { ready: false, serving: false, terminating: false },
      { ready: false, serving: true, terminating: true },
    ],
  );
});

test('reconcileEndpointSlices leaves out Pods that ended', () => {
  const plan = reconcile([pod(1, { phase: 'Failed' })]);
  deepEqual(
    plan.create.map(({ endpoints, ports }) => [endpoints, ports]),
    [[[], []]],
  );
});

test('reconcileEndpointSlices keeps one slice when the last Pod goes', () => {
  const slices = stored([pod(1)]);
  const plan = reconcile([], slices);
  equal(plan.update.length, 1);
  deepEqual(plan.update[0]?.endpoints, []);
  deepEqual(reconcile([], plan.update), { create: [], update: [], delete: [] });
});

test('reconcileEndpointSlices groups Pods by what a named port is on them', () => {
  const plan = reconcile([pod(1), pod(2, { port: 9090 })]);
  deepEqual(
    plan.create.map(({ ports }) => ports?.[0]?.port),
    [8080, 9090],
  );
});

test('reconcileEndpointSlices holds at most 100 endpoints a slice and changes one for one Pod', () => {
  const pods = Array.from({ length: 250 }, (_, index) => pod(index));
  const slices = stored(pods);
  deepEqual(
    slices.map(({ endpoints }) => endpoints?.length),
    [ENDPOINTS_PER_SLICE_MAX, ENDPOINTS_PER_SLICE_MAX, 50],
  );
  const replaced = [...pods.slice(0, 30), ...pods.slice(31), pod(777)];
  const plan = reconcile(replaced, slices);
  equal(plan.update.length, 1);
  equal(plan.create.length + plan.delete.length, 0);
  ok(plan.update[0]?.endpoints?.some(({ targetRef }) => targetRef?.name === 'web-777'));
});

test('reconcileEndpointSlices publishes Pods that are not ready when the Service asks for it, and marks headless', () => {
  const service: Service = {
    ...SERVICE,
    spec: { ...SERVICE.spec, clusterIP: 'None', publishNotReadyAddresses: true },
  };
  const [slice] = reconcile([pod(1, { isReady: false })], [], service).create;
  deepEqual(slice?.endpoints?.[0]?.conditions, { ready: true, serving: false, terminating: false });
  equal(slice?.metadata.labels?.['service.kubernetes.io/headless'], '');
});

test('newCoreEndpoints splits addresses by readiness and leaves terminating Pods out', () => {
  const pods = [pod(3), pod(1), pod(2, { isReady: false }), pod(4, { isTerminating: true })];
  const { subsets } = newCoreEndpoints(SERVICE, pods);
  deepEqual(
    subsets?.map(({ addresses, notReadyAddresses, ports }) => [
      addresses?.map(({ ip }) => ip),
      notReadyAddresses?.map(({ ip }) => ip),
      ports,
    ]),
    [[['10.1.0.1', '10.1.0.3'], ['10.1.0.2'], [{ name: 'http', protocol: 'TCP', port: 8080 }]]],
  );
});
