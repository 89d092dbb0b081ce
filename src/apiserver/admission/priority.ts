/**
 * Resolves a Pod's priority class to the number that scheduling and eviction compare.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/priority/admission.go
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { PriorityClass } from '../../api/generated/scheduling-v1.ts';
import { PODS, PRIORITY_CLASSES } from '../../api/resources.ts';
import { newForbidden } from '../errors.ts';
import { type AdmissionRequest, type AdmissionStep, type AdmissionView, isCreationOf } from './admission.ts';

interface ResolvedClass {
  name: string;
  value: number;
  preemptionPolicy: string;
}

const DEFAULT_POLICY = 'PreemptLowerPriority';

export const priority: AdmissionStep = {
  name: 'Priority',
  admit(request, view) {
    if (isPodUpdate(request)) keepPriority(request.object as unknown as Pod, request.old as unknown as Pod);
    if (!isCreationOf(PODS, request)) return;
    const { spec } = request.object as unknown as Pod;
    const named = spec.priorityClassName ? classNamed(spec.priorityClassName, view) : defaultClass(view);
    if (named === undefined) {
      throw newForbidden(
        PODS,
        request.name,
        `no PriorityClass with name ${spec.priorityClassName} was found`,
      );
    }
    if (!spec.priorityClassName && named.name !== '') spec.priorityClassName = named.name;
    if (spec.priority !== undefined && spec.priority !== named.value) {
      const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${named.value} from the given PriorityClass name`;
      throw newForbidden(PODS, request.name, why);
    }
    spec.priority = named.value;
    const policy = named.preemptionPolicy;
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
      const why = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`;
      throw newForbidden(PODS, request.name, why);
    }
    spec.preemptionPolicy = policy;
  },
};

/** One class at most is the default. */
export const singleDefaultPriority: AdmissionStep = {
  name: 'Priority',
  admit({ row, operation, subresource, object, name }, view) {
    if (row !== PRIORITY_CLASSES || subresource !== '') return;
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || object?.['globalDefault'] !== true) return;
    const before = defaultClass(view).name;
    if (before === '' || (operation === 'UPDATE' && before === name)) return;
    const why = `PriorityClass ${before} is already marked as default. Only one default can exist`;
    throw newForbidden(row, name, why);
  },
};

function isPodUpdate({ row, operation, subresource }: AdmissionRequest): boolean {
  return row === PODS && operation === 'UPDATE' && subresource === '';
}

/** Who replaces a Pod by its manifest does not say what admission once said. */
function keepPriority({ spec }: Pod, { spec: before }: Pod): void {
  if (spec.priority === undefined && before.priority !== undefined) spec.priority = before.priority;
  if (spec.preemptionPolicy === undefined && before.preemptionPolicy !== undefined)
    spec.preemptionPolicy = before.preemptionPolicy;
}

function classNamed(name: string, view: AdmissionView): ResolvedClass | undefined {
  const found = view.get(PRIORITY_CLASSES, '', name);
  return found === undefined ? undefined : toResolved(found as unknown as PriorityClass);
}

/** The global default of the lowest value, as upstream; zero when there is none. */
function defaultClass(view: AdmissionView): ResolvedClass {
  const defaults = view
    .list(PRIORITY_CLASSES, '')
    .map((object) => object as unknown as PriorityClass)
    .filter(({ globalDefault }) => globalDefault)
    .map(toResolved)
    .sort((a, b) => a.value - b.value);
  return defaults[0] ?? { name: '', value: 0, preemptionPolicy: DEFAULT_POLICY };
}

/** A value of 0 is not stored. */
function toResolved({
  metadata,
  value = 0,
  preemptionPolicy = DEFAULT_POLICY,
}: PriorityClass): ResolvedClass {
  return { name: metadata.name, value, preemptionPolicy };
}
