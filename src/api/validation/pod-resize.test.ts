import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, ResourceRequirements } from '../generated/core-v1.ts';
import { validatePodResize } from './pod-resize.ts';

type Spec = Partial<Omit<Pod['spec'], 'containers'>>;

function podOf(resources: ResourceRequirements, spec: Spec = {}, status: Pod['status'] = {}): Pod {
  const metadata = { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [{ name: 'c', resources }], ...spec },
    status,
  };
}

const problems = (pod: Pod, old: Pod) =>
  validatePodResize(pod, old).map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
const cpu = (request: string, limit?: string): ResourceRequirements => ({
  requests: { cpu: request },
  ...(limit === undefined ? {} : { limits: { cpu: limit } }),
});

test('validatePodResize lets cpu and memory change, of containers and sidecars', () => {
  const sidecar = (request: string): Container[] => [
    { name: 's', restartPolicy: 'Always', resources: cpu(request) },
  ];
  deepEqual(problems(podOf(cpu('2', '3')), podOf(cpu('1', '2'))), []);
  deepEqual(problems(podOf(cpu('1', '2')), podOf(cpu('1'))), []);
  deepEqual(
    problems(
      podOf(cpu('1'), { initContainers: sidecar('2') }),
      podOf(cpu('1'), { initContainers: sidecar('1') }),
    ),
    [],
  );
});

test('validatePodResize refuses what makes another kind of Pod of it', () => {
  const guaranteed = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } };
  const burstable = { ...guaranteed, requests: { cpu: '500m', memory: '1Gi' } };
  deepEqual(problems(podOf(burstable), podOf(guaranteed)), [
    'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing',
  ]);
  deepEqual(
    problems(podOf({ requests: { memory: '1Gi' } }), podOf({ requests: { cpu: '1', memory: '1Gi' } })),
    ['spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed'],
  );
  deepEqual(problems(podOf(cpu('1')), podOf(cpu('1', '2'))), [
    'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
  ]);
  const disk = (amount: string): ResourceRequirements => ({
    requests: { cpu: '1', 'ephemeral-storage': amount },
  });
  deepEqual(problems(podOf(disk('2Gi')), podOf(disk('1Gi'))), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ]);
});

test('validatePodResize refuses what runs to its end, and Pods that no node can resize', () => {
  const init = (request: string): Spec => ({ initContainers: [{ name: 'i', resources: cpu(request) }] });
  deepEqual(problems(podOf(cpu('1'), init('2')), podOf(cpu('1'), init('1'))), [
    'spec: Forbidden: resources for non-sidecar init containers are immutable',
  ]);
  const ofPod = { resources: { limits: { cpu: '2' } } } as Spec;
  deepEqual(problems(podOf(cpu('2'), ofPod), podOf(cpu('1'), ofPod)), [
    'Forbidden: pods with pod-level resources cannot be resized',
  ]);
  const status = { containerStatuses: [{ name: 'c', state: { running: {} } }] } as Pod['status'];
  deepEqual(problems(podOf(cpu('2'), {}, status), podOf(cpu('1'), {}, status)), [
    'spec: Forbidden: Pod running on node without support for resize',
  ]);
});
