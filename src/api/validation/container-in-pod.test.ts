import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '../generated/core-v1.ts';
import { validateContainersInPod } from './container-in-pod.ts';
import { texts } from './problems.fixture.ts';

const WRONG: Container = {
  name: 'c',
  securityContext: { procMount: 'Unmasked' },
  resources: { claims: [{ name: 'gpu' }] },
  lifecycle: { stopSignal: 'SIGTERM' },
};

test('validateContainersInPod looks at all containers, and at the Pod that they are in', () => {
  const resourceClaims = [{ name: 'gpu' }];
  const right = { containers: [WRONG], hostUsers: false, os: { name: 'linux' }, resourceClaims };
  deepEqual(texts(validateContainersInPod(right, 's')), []);
  const wrong = { containers: [WRONG], initContainers: [WRONG], ephemeralContainers: [WRONG] };
  deepEqual(
    validateContainersInPod(wrong, 's').map(({ field }) => field),
    [
      's.initContainers[0].securityContext.procMount',
      's.initContainers[0].resources.claims[0]',
      's.containers[0].securityContext.procMount',
      's.containers[0].resources.claims[0]',
      's.containers[0].lifecycle.stopSignal',
      's.ephemeralContainers[0].securityContext.procMount',
      's.ephemeralContainers[0].resources.claims[0]',
    ],
  );
});
