import { deepEqual, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../generated/core-v1.ts';
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
  const [address] = podIPs;
  deepEqual(
    problems({ podIPs: [address!, address!] })[1],
    `status.podIPs[1]: Duplicate value: ${JSON.stringify(address)}`,
  );
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
  const [misnamed] = problems(
    { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'A' }] },
    {},
    { resourceClaims },
  );
  match(
    misnamed!,
    /^status\.resourceClaimStatuses\[0\]\.resourceClaimName: Invalid value: "A": a lowercase RFC 1123/,
  );
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

const ENDED = 'Forbidden: may not be transitioned to non-terminated state';

type Statuses = 'containerStatuses' | 'initContainerStatuses';

/** Of a container `c`, as `own` has it, that ended with `exitCode` and runs again. */
function restartProblems(
  exitCode: number,
  restartPolicy: string,
  own: Partial<Container> = {},
  list: Statuses = 'containerStatuses',
): string[] {
  const ended = { state: { terminated: { exitCode } } };
  const container = { name: 'c', image: 'i', ...own } as Container;
  return problems(
    { [list]: [containerStatus({})] },
    { [list]: [containerStatus(ended)] },
    {
      restartPolicy,
      [list === 'containerStatuses' ? 'containers' : 'initContainers']: [container],
    },
  );
}

test('validatePodStatus lets run again only what its Pod or itself would start again', () => {
  const refused = [`status.containerStatuses[0].state: ${ENDED}`];
  deepEqual(restartProblems(0, 'Always'), []);
  deepEqual(restartProblems(1, 'OnFailure'), []);
  deepEqual(restartProblems(0, 'OnFailure'), refused);
  deepEqual(restartProblems(1, 'Never'), refused);
  deepEqual(restartProblems(1, 'Never', { restartPolicy: 'OnFailure' }), []);
  deepEqual(restartProblems(1, 'Always', { restartPolicy: 'Never' }), refused);
  deepEqual(restartProblems(1, 'Always', { name: 'gone' }), refused);
  const rule = (operator: string, action = 'Restart') => ({
    restartPolicy: 'Never',
    restartPolicyRules: [{ action, exitCodes: { operator, values: [42] } }],
  });
  deepEqual(restartProblems(42, 'Never', rule('In')), []);
  deepEqual(restartProblems(42, 'Never', rule('NotIn')), refused);
  deepEqual(restartProblems(42, 'Never', rule('NotIn', 'RestartAllContainers')), []);
});

test('validatePodStatus lets sidecars run again, and other init containers no more than others', () => {
  const list = 'initContainerStatuses';
  deepEqual(restartProblems(0, 'Never', { restartPolicy: 'Always' }, list), []);
  deepEqual(restartProblems(1, 'OnFailure', {}, list), []);
  deepEqual(restartProblems(0, 'OnFailure', {}, list), [`status.${list}[0].state: ${ENDED}`]);
});

test('validatePodStatus knows devices by what the container asks for', () => {
  const allocatedResourcesStatus = [
    { name: 'claim:gpu/one', resources: [{ resourceID: 'a', health: 'Healthy' }] },
    {
      name: 'claim:gpu',
      resources: [
        { resourceID: 'a' },
        { resourceID: 'a', health: 'Unknown', message: '' },
        { resourceID: 'b', health: 'Unhealthy', message: 'x'.repeat(1025) },
      ],
    },
    { name: 'example.com/nic' },
  ];
  const statuses = [containerStatus({ allocatedResourcesStatus })];
  const resources = { claims: [{ name: 'gpu', request: 'one' }] };
  const spec = { containers: [{ name: 'c', image: 'i', resources } as Container] };
  const at = 'status.containerStatuses[0].allocatedResourcesStatus';
  deepEqual(problems({ containerStatuses: statuses }, {}, spec), [
    `${at}[1].name: Invalid value: "claim:gpu": must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty`,
    `${at}[1].resources[0].health: Unsupported value: "": supported values: "Healthy", "Unhealthy", "Unknown"`,
    `${at}[1].resources[1].message: Required value: must be non-empty if specified`,
    `${at}[1].resources[1].resourceID: Duplicate value: "a"`,
    `${at}[1].resources[2].message: Too long: may not be more than 1024 bytes`,
    `${at}[2].name: Invalid value: "example.com/nic": must match one of the container's resource requests`,
  ]);
  deepEqual(problems({ ephemeralContainerStatuses: statuses }), [
    'status.ephemeralContainerStatuses[0].allocatedResourcesStatus: Forbidden: must not be specified in container status',
  ]);
});

test('validatePodStatus names the images of volumes, and what extended resources were claimed for', () => {
  const mount = (imageRef: string) => ({ name: 'v', mountPath: '/v', volumeStatus: { image: { imageRef } } });
  const volumeMounts = [mount('sha256:1'), mount(''), mount('x'.repeat(257))];
  const at = 'status.containerStatuses[0].volumeMounts';
  deepEqual(problems({ containerStatuses: [containerStatus({ volumeMounts })] }), [
    `${at}[1].volumeStatus.imageVolumeStatus.imageRef: Required value: imageRef must not be empty`,
    `${at}[2].volumeStatus.imageVolumeStatus.imageRef: Too long: may not be more than 256 bytes`,
  ]);
  const resources = { requests: { 'example.com/gpu': '1' } };
  const spec = { containers: [{ name: 'c', image: 'i', resources } as Container] };
  const mapping = { containerName: 'c', resourceName: 'example.com/gpu', requestName: 'r' };
  const claim = (...requestMappings: (typeof mapping)[]) =>
    problems({ extendedResourceClaimStatus: { requestMappings, resourceClaimName: 'web' } }, {}, spec);
  const field = 'status.extendedResourceClaimStatus.requestMappings';
  deepEqual(claim(mapping), []);
  deepEqual(claim(), [`${field}: Required value: at least one request mapping is required`]);
  deepEqual(claim(mapping, mapping), [
    `${field}[1].containerName: Duplicate value: "c"`,
    `${field}[1].resourceName: Duplicate value: "example.com/gpu"`,
    `${field}[1].requestName: Duplicate value: "r"`,
  ]);
  deepEqual(claim({ ...mapping, resourceName: 'cpu' }, { ...mapping, containerName: 'd' }), [
    `${field}[0].resourceName: Invalid value: "cpu": must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests`,
    `${field}[1].containerName: Invalid value: "d": must match the name of an entry in spec.initContainers.name or spec.containers.name`,
  ]);
});

test('validatePodStatus lets addresses stay in the form they had', () => {
  const status = { podIPs: [{ ip: '010.1.0.1' }] };
  deepEqual(problems(status, status), []);
  deepEqual(problems(status), ['status.podIPs[0]: Invalid value: "010.1.0.1": must not have leading 0s']);
});
