/** For tests: what is wrong with a Pod, as `field: message`. */
import type { Container, Pod, PodSpec, Volume } from '../generated/core-v1.ts';
import { validatePodCreate } from './pod-spec.ts';
import { texts } from './problems.fixture.ts';

export function problemsOfPod(spec: Partial<PodSpec>): string[] {
  const whole = {
    containers: [{ name: 'c', image: 'i' }],
    restartPolicy: 'Always',
    serviceAccountName: 'default',
    terminationGracePeriodSeconds: 30,
    ...spec,
  };
  return texts(validatePodCreate({ metadata: { name: 'web', namespace: 'default' }, spec: whole } as Pod));
}

/** With the paths of its only container, `env[0].name`. */
export function problemsOfContainer(container: Partial<Container>, spec: Partial<PodSpec> = {}): string[] {
  const containers = [{ name: 'c', image: 'i', ...container }];
  return problemsOfPod({ ...spec, containers }).map((text) => text.replace('spec.containers[0].', ''));
}

/** With the paths of its only volume, `secret.secretName`. */
export function problemsOfVolume(source: Omit<Volume, 'name'>, name = 'v'): string[] {
  return problemsOfPod({ volumes: [{ name, ...source }] }).map((text) =>
    text.replace(/^spec\.volumes\[0\]\.?/, ''),
  );
}
