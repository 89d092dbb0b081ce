/**
 * Validation of the annotations that mean something to Pods: of static Pods, of the cost of deletion, and the old ways to
 * name seccomp and AppArmor profiles, which must agree with the fields.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotations
 */
import { ownValue } from '../../base/own-value.ts';
import type { AppArmorProfile, Pod, PodSpec, SeccompProfile } from '../generated/core-v1.ts';
import { equalJson } from '../json.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, untilMany } from './field-error.ts';
import { validateRelativePath } from './path-checks.ts';
import { containersOf } from './pod-containers.ts';

type Annotations = Readonly<Record<string, string>>;

const MIRROR = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const LOCALHOST = 'localhost/';

interface Annotation {
  key: string;
  value: string;
}

/** The Pod that has the annotations, or the template of Pods. */
interface Annotated {
  spec: PodSpec | undefined;
  containers: ReadonlySet<string>;
}

/** @param field  of the annotations */
export function validatePodAnnotations(
  annotations: Annotations | undefined,
  field: string,
  spec: PodSpec | undefined,
): FieldError[] {
  return annotations === undefined ? [] : validateAnnotations(Object.entries(annotations), field, spec);
}

function validateAnnotations(
  annotations: readonly [string, string][],
  field: string,
  spec: PodSpec | undefined,
): FieldError[] {
  const namesContainers = annotations.some(([key]) => key.startsWith(APP_ARMOR));
  const placed = spec === undefined || !namesContainers ? [] : [...containersOf(spec, '')];
  const pod = { spec, containers: new Set(placed.map(({ container }) => container.name)) };
  return errorsOfEach(annotations, ([key, value]) => validateAnnotation({ key, value }, field, pod));
}

function validateAnnotation({ key, value }: Annotation, field: string, pod: Annotated): FieldError[] {
  const path = `${field}[${key}]`;
  if (key === MIRROR && !pod.spec?.nodeName)
    return [invalid(path, value, 'must set spec.nodeName if mirror pod annotation is set')];
  if (key === DELETION_COST && !isDeletionCost(value))
    return [invalid(path, value, 'must be a 32bit integer')];
  if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER))
    return validateSeccomp(value, `${field}.${key}`);
  return key.startsWith(APP_ARMOR) ? validateAppArmor({ key, value }, path, pod) : [];
}

/** A canonical integer of 32 bits. */
function isDeletionCost(value: string): boolean {
  if (!/^(0|-\d+|[1-9]\d*)$/.test(value)) return false;
  const cost = Number(value);
  return cost >= -(2 ** 31) && cost < 2 ** 31;
}

function validateSeccomp(profile: string, field: string): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return [];
  return profile.startsWith(LOCALHOST)
    ? validateRelativePath(profile.slice(LOCALHOST.length), field)
    : [invalid(field, profile, 'must be a valid seccomp profile')];
}

function validateAppArmor({ key, value }: Annotation, field: string, pod: Annotated): FieldError[] {
  const errors: FieldError[] = [];
  const name = key.slice(APP_ARMOR.length);
  if (!pod.containers.has(name)) errors.push(invalid(field, name, 'container not found'));
  const isProfile = ['', 'runtime/default', 'unconfined'].includes(value) || value.startsWith(LOCALHOST);
  if (!isProfile)
    errors.push(invalid(field, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`));
  return errors;
}

/** A new Pod that names a profile in both ways must name the same one. */
export function validateProfileAnnotations({ metadata, spec }: Pod): FieldError[] {
  const { annotations } = metadata;
  if (annotations === undefined) return [];
  const { seccompProfile, appArmorProfile } = spec.securityContext ?? {};
  const errors = matchSeccomp(annotations[SECCOMP_POD], seccompProfile, 'spec');
  for (const { container, path } of untilMany(errors, containersOf(spec, 'spec'))) {
    const own = container.securityContext;
    errors.push(...matchSeccomp(annotations[SECCOMP_CONTAINER + container.name], own?.seccompProfile, path));
    if (spec.os?.name === 'windows') continue;
    const profile = own?.appArmorProfile ?? appArmorProfile;
    errors.push(...matchAppArmor(annotations[APP_ARMOR + container.name], profile, path));
  }
  return errors;
}

function matchSeccomp(
  annotation: string | undefined,
  profile: SeccompProfile | undefined,
  field: string,
): FieldError[] {
  const path = `${field}.securityContext.seccompProfile`;
  // The old name of the runtime's own.
  const value = annotation === 'docker/default' ? 'runtime/default' : annotation;
  return matchProfile(value, profile, { path, what: 'seccomp' });
}

function matchAppArmor(
  annotation: string | undefined,
  profile: AppArmorProfile | undefined,
  field: string,
): FieldError[] {
  const path = `${field}.securityContext.appArmorProfile`;
  return matchProfile(annotation, profile, { path, what: 'apparmor' });
}

const ANNOTATED: Readonly<Record<string, string>> = {
  Unconfined: 'unconfined',
  RuntimeDefault: 'runtime/default',
};

function matchProfile(
  annotation: string | undefined,
  profile: SeccompProfile | AppArmorProfile | undefined,
  { path, what }: { path: string; what: string },
): FieldError[] {
  if (annotation === undefined || profile === undefined) return [];
  const otherType = [forbidden(`${path}.type`, `${what} type in annotation and field must match`)];
  if (profile.type !== 'Localhost') {
    const expected = ownValue(ANNOTATED, profile.type);
    return expected === undefined || expected === annotation ? [] : otherType;
  }
  if (!annotation.startsWith(LOCALHOST)) return otherType;
  if (annotation.slice(LOCALHOST.length) === profile.localhostProfile) return [];
  return [forbidden(`${path}.localhostProfile`, `${what} profile in annotation and field must match`)];
}

/** Of some annotations a Pod has what it was created with. What was stored wrong may stay. */
export function validatePodAnnotationsUpdate(pod: Pod, old: Pod): FieldError[] {
  const { annotations: now = {} } = pod.metadata;
  const { annotations: before = {} } = old.metadata;
  if (equalJson(now, before)) return [];
  const changed = Object.entries(now).filter(([key, value]) => before[key] !== value);
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(now, key));
  return [
    ...validateAnnotations(changed, 'metadata.annotations', pod.spec),
    ...errorsOfEach([...changed.map(([key]) => key), ...removed].filter(isFixed), (key) => [
      fixedAnnotation(key, Object.hasOwn(before, key) ? 'remove or update' : 'add'),
    ]),
  ];
}

function isFixed(key: string): boolean {
  return key === MIRROR || key.startsWith(APP_ARMOR);
}

function fixedAnnotation(key: string, change: string): FieldError {
  const what = key === MIRROR ? 'mirror pod annotation' : 'AppArmor annotations';
  return forbidden(`metadata.annotations[${key}]`, `may not ${change} ${what}`);
}
