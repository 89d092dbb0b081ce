import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '../generated/core-v1.ts';
import {
  validatePodAnnotations,
  validatePodAnnotationsUpdate,
  validateProfileAnnotations,
} from './pod-annotations.ts';
import { texts } from './problems.fixture.ts';

const MIRROR = 'kubernetes.io/config.mirror';
const COST = 'controller.kubernetes.io/pod-deletion-cost';
const SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_C = 'container.seccomp.security.alpha.kubernetes.io/c';
const ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

type Annotations = Record<string, string>;

function newPod(annotations: Annotations, spec: Partial<PodSpec> = {}): Pod {
  return { metadata: { annotations }, spec: { containers: [{ name: 'c' }], ...spec } } as Pod;
}

function problems(annotations: Annotations, spec?: Partial<PodSpec>): string[] {
  const pod = newPod(annotations, spec);
  return texts(validatePodAnnotations(pod.metadata.annotations, 'a', pod.spec));
}

test('validatePodAnnotations wants static Pods to have a node', () => {
  deepEqual([...problems({ [MIRROR]: 'x' }, { nodeName: 'n' }), ...problems({ note: 'anything' })], []);
  deepEqual(problems({ [MIRROR]: 'x' }), [
    `a[${MIRROR}]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set`,
  ]);
});

test('validatePodAnnotations wants costs of deletion to be whole numbers of 32 bits', () => {
  const right = ['0', '-5', '2147483647', '-2147483648'];
  deepEqual(
    right.flatMap((cost) => problems({ [COST]: cost })),
    [],
  );
  const wrong = ['', '+5', '05', '1.5', '2147483648', 'x'];
  deepEqual(
    wrong.flatMap((cost) => problems({ [COST]: cost })),
    wrong.map((cost) => `a[${COST}]: Invalid value: "${cost}": must be a 32bit integer`),
  );
});

test('validatePodAnnotations wants profiles that can be, of containers that are', () => {
  const right = {
    [SECCOMP]: 'docker/default',
    [SECCOMP_C]: 'localhost/a.json',
    [`${ARMOR}c`]: 'localhost/web',
  };
  deepEqual(problems(right), []);
  deepEqual(problems({ [SECCOMP]: 'x', [SECCOMP_C]: 'localhost//a', [`${ARMOR}d`]: 'y' }), [
    `a.${SECCOMP}: Invalid value: "x": must be a valid seccomp profile`,
    `a.${SECCOMP_C}: Invalid value: "/a": must be a relative path`,
    `a[${ARMOR}d]: Invalid value: "d": container not found`,
    `a[${ARMOR}d]: Invalid value: "y": invalid AppArmor profile name: "y"`,
  ]);
});

test('validateProfileAnnotations wants one profile, however it is named', () => {
  const local = { type: 'Localhost', localhostProfile: 'a.json' };
  const securityContext = {
    seccompProfile: { type: 'RuntimeDefault' },
    appArmorProfile: { type: 'Unconfined' },
  };
  const containers = [{ name: 'c', securityContext: { seccompProfile: local } }];
  const of = (annotations: Annotations): string[] =>
    texts(validateProfileAnnotations(newPod(annotations, { securityContext, containers })));
  deepEqual(
    of({ [SECCOMP]: 'docker/default', [SECCOMP_C]: 'localhost/a.json', [`${ARMOR}c`]: 'unconfined' }),
    [],
  );
  deepEqual(
    of({ [SECCOMP]: 'unconfined', [SECCOMP_C]: 'localhost/b.json', [`${ARMOR}c`]: 'runtime/default' }),
    [
      'spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match',
      'spec.containers[0].securityContext.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match',
      'spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
    ],
  );
});

test('validatePodAnnotationsUpdate fixes what a Pod was created as', () => {
  const of = (now: Annotations, old: Annotations): string[] =>
    texts(validatePodAnnotationsUpdate(newPod(now, { nodeName: 'n' }), newPod(old))).map((words) =>
      words.replace('metadata.annotations', ''),
    );
  deepEqual(of({ note: 'b', [COST]: 'x' }, { note: 'a', [COST]: 'x' }), []);
  deepEqual(of({ [MIRROR]: 'x', [`${ARMOR}c`]: 'unconfined' }, {}), [
    `[${MIRROR}]: Forbidden: may not add mirror pod annotation`,
    `[${ARMOR}c]: Forbidden: may not add AppArmor annotations`,
  ]);
  deepEqual(of({ [MIRROR]: 'y' }, { [MIRROR]: 'x', [`${ARMOR}c`]: 'unconfined' }), [
    `[${MIRROR}]: Forbidden: may not remove or update mirror pod annotation`,
    `[${ARMOR}c]: Forbidden: may not remove or update AppArmor annotations`,
  ]);
  deepEqual(of({ [COST]: 'x' }, {}), [`[${COST}]: Invalid value: "x": must be a 32bit integer`]);
});
