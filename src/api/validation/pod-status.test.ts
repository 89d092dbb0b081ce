import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../generated/core-v1.ts';
import { validatePodStatus } from './pod-status.ts';
import { texts } from './problems.fixture.ts';

function problems(status: PodStatus, old: PodStatus = {}, spec: Partial<PodSpec> = {}): string[] {
  const withStatus = (of: PodStatus) =>
    ({ metadata: {}, spec: { containers: [], ...spec }, status: of }) as unknown as Pod;
  return texts(validatePodStatus(withStatus(status), withStatus(old)));
}

function containerStatus(fields: Partial<ContainerStatus>): ContainerStatus {
  return { name: 'c', ready: false, restartCount: 0, image: 'i', imageID: '', ...fields };
}

test('validatePodStatus takes what a kubelet writes', () => {
  const status: PodStatus = {
    phase: 'Running',
    qosClass: 'Burstable',
    observedGeneration: 1,
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'example.com/Warm', status: 'True' },
    ],
    hostIP: '10.0.0.1',
    hostIPs: [{ ip: '10.0.0.1' }],
    podIP: '10.1.0.1',
    podIPs: [{ ip: '10.1.0.1' }, { ip: '2001:db8::1' }],
    containerStatuses: [containerStatus({ user: { linux: { uid: 0, gid: 0, supplementalGroups: [0] } } })],
  };
  deepEqual(problems(status, { qosClass: 'Burstable' }), []);
});

test('validatePodStatus keeps what a Pod is: its class, and that it has a node', () => {
  deepEqual(problems({ qosClass: 'BestEffort' }, { qosClass: 'Burstable' }), [
    'status.qosClass: Invalid value: "BestEffort": field is immutable',
  ]);
  deepEqual(problems({ nominatedNodeName: 'n2' }, { nominatedNodeName: 'n1' }, { nodeName: 'n1' }), [
    'status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node',
  ]);
  deepEqual(problems({ nominatedNodeName: 'n1' }, { nominatedNodeName: 'n1' }, { nodeName: 'n1' }), []);
});

test('validatePodStatus wants conditions with types, and generations that count', () => {
  const conditions = [
    { type: 'a/b/c', status: 'True' },
    { type: 'Ready', status: 'True', observedGeneration: -1 },
  ];
  deepEqual(
    problems({ conditions, observedGeneration: -2 }).map((words) => words.split(': ').slice(0, 3).join(': ')),
    [
      'status.conditions[0].Type: Invalid value: "a/b/c"',
      'status.conditions[1].observedGeneration: Invalid value: -1',
      'status.observedGeneration: Invalid value: -2',
    ],
  );
});

test('validatePodStatus wants at most one address of each family', () => {
  const podIPs = [{ ip: '10.1.0.1' }, { ip: '10.1.0.2' }];
  deepEqual(problems({ podIPs }), [
    `status.podIPs: Invalid value: ${JSON.stringify(podIPs)}: may specify no more than one IP for each IP family`,
  ]);
  deepEqual(problems({ podIPs: [{ ip: 'x' }], hostIP: '10.0.0.2', hostIPs: [{ ip: '10.0.0.1' }] }), [
    'status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'status.hostIPs[0].ip: Invalid value: "10.0.0.1": must be equal to `hostIP`',
  ]);
});

test('validatePodStatus lets no debug container run again', () => {
  const state = (which: 'running' | 'terminated') => [
    containerStatus({ state: { [which]: { exitCode: 0 } } }),
  ];
  const field = 'status.ephemeralContainerStatuses[0].state';
  deepEqual(
    problems(
      { ephemeralContainerStatuses: state('terminated') },
      { ephemeralContainerStatuses: state('running') },
    ),
    [],
  );
  deepEqual(
    problems(
      { ephemeralContainerStatuses: state('running') },
      { ephemeralContainerStatuses: state('terminated') },
    ),
    [`${field}: Forbidden: may not be transitioned to non-terminated state`],
  );
});

test('validatePodStatus wants claims of the Pod, and users that are some', () => {
  const resourceClaims = [{ name: 'gpu', resourceClaimTemplateName: 't' }];
  const statuses = [{ name: 'gpu', resourceClaimName: 'web-gpu' }, { name: 'gpu' }, { name: 'nic' }];
  deepEqual(problems({ resourceClaimStatuses: statuses }, {}, { resourceClaims }), [
    'status.resourceClaimStatuses[1].name: Duplicate value: "gpu"',
    'status.resourceClaimStatuses[2].name: Invalid value: "nic": must match the name of an entry in `spec.resourceClaims`',
  ]);
  const containerStatuses = [containerStatus({ user: { linux: { uid: -1, gid: 0 } } })];
  deepEqual(problems({ containerStatuses }), [
    'status.containerStatuses[0].user.linux.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ]);
  deepEqual(problems({ containerStatuses }, {}, { os: { name: 'windows' } }), [
    'status.containerStatuses[0].user.linux: Forbidden: cannot be set for a windows pod',
  ]);
});
