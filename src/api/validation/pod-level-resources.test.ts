import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, PodSpec } from '../generated/core-v1.ts';
import { validatePodLevelResources } from './pod-level-resources.ts';

const LIMITED: Container = { name: 'c', resources: { limits: { cpu: '2' }, requests: { cpu: '1' } } };

function problems(resources: PodSpec['resources'], containers = [LIMITED]): string[] {
  const errors = validatePodLevelResources({ containers, ...(resources && { resources }) }, 'spec');
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

test('a Pod asks as a whole for at least what its containers request', () => {
  deepEqual(problems(undefined), []);
  deepEqual(problems({ requests: { cpu: '1' } }), []);
  deepEqual(problems({ requests: { cpu: '1500m' } }, [LIMITED, LIMITED]), [
    'spec.resources.requests[cpu]: Invalid value: "1500m": ' +
      'must be greater than or equal to aggregate container requests of 2',
  ]);
});

test('no container of a Pod is limited to more than the Pod', () => {
  deepEqual(problems({ limits: { cpu: '2', memory: '1Gi' } }), []);
  deepEqual(problems({ limits: { cpu: '1' } }), [
    'spec.containers[0].resources.limits[cpu]: Invalid value: "2": must be less than or equal to pod limits of 1',
  ]);
});

test('only cpu, memory and huge pages are for whole Pods', () => {
  deepEqual(
    problems({ limits: { cpu: '2', 'hugepages-2Mi': '2Mi' }, requests: { 'hugepages-2Mi': '2Mi' } }),
    [],
  );
  deepEqual(problems({ limits: { 'ephemeral-storage': '1Gi' } }), [
    'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "memory"',
  ]);
  deepEqual(problems({ claims: [{ name: 'gpu' }] }), [
    'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
  ]);
});
