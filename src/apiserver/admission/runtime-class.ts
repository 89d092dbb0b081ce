/**
 * A Pod of a RuntimeClass costs what the class says beside its containers, and goes where the class runs.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/runtimeclass/admission.go
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { RuntimeClass } from '../../api/generated/node-v1.ts';
import { equalLists } from '../../api/resource-list.ts';
import { PODS, RUNTIME_CLASSES } from '../../api/resources.ts';
import { newForbidden } from '../errors.ts';
import { type AdmissionRequest, type AdmissionStep, type AdmissionView, isCreationOf } from './admission.ts';
import { mergeTolerations } from './merge-tolerations.ts';

const WRONG_OVERHEAD = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const NEEDLESS_OVERHEAD =
  'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';

export const runtimeClassDefaults: AdmissionStep = {
  name: 'RuntimeClass',
  admit(request, view) {
    if (!isCreationOf(PODS, request)) return;
    const pod = request.object as unknown as Pod;
    const found = classOf(request, pod, view);
    if (found === undefined) return;
    setOverhead(request, pod, found);
    setScheduling(request, pod, found);
  },
};

/** Whoever came after may have changed it. */
export const runtimeClassOverhead: AdmissionStep = {
  name: 'RuntimeClass',
  admit(request, view) {
    if (!isCreationOf(PODS, request)) return;
    const pod = request.object as unknown as Pod;
    const wanted = classOf(request, pod, view)?.overhead;
    const { overhead } = pod.spec;
    if (wanted === undefined && overhead !== undefined) throw refusal(request, NEEDLESS_OVERHEAD);
    if (wanted !== undefined && !equalLists(overhead ?? {}, wanted.podFixed ?? {}))
      throw refusal(request, WRONG_OVERHEAD);
  },
};

function classOf(request: AdmissionRequest, { spec }: Pod, view: AdmissionView): RuntimeClass | undefined {
  const name = spec.runtimeClassName;
  if (name === undefined) return undefined;
  const found = view.get(RUNTIME_CLASSES, '', name);
  if (found === undefined)
    throw refusal(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found as unknown as RuntimeClass;
}

function setOverhead(request: AdmissionRequest, { spec }: Pod, { overhead }: RuntimeClass): void {
  if (overhead === undefined) return;
  const { podFixed } = overhead;
  if (spec.overhead !== undefined && !equalLists(spec.overhead, podFixed ?? {}))
    throw refusal(request, WRONG_OVERHEAD);
  if (podFixed !== undefined) spec.overhead = podFixed;
}

function setScheduling(request: AdmissionRequest, { spec }: Pod, { scheduling }: RuntimeClass): void {
  if (scheduling === undefined) return;
  const { nodeSelector = {}, tolerations } = scheduling;
  for (const [key, value] of Object.entries(nodeSelector)) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      const why = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
      throw refusal(request, why);
    }
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  const merged = mergeTolerations(spec.tolerations ?? [], tolerations ?? []);
  if (merged.length > 0) spec.tolerations = merged;
}

function refusal({ row, name }: AdmissionRequest, why: string): Error {
  return newForbidden(row, name, why);
}
