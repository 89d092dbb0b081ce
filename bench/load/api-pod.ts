/** The benchmark's Pod as a client sends it. No scheduler takes it: the API server alone is measured. */
import { type BenchPod, newBenchPod } from '../pod.ts';

export interface ApiPodOptions {
  namespace: string;
  ownerUid: string;
  /** A value that differs from write to write; an update without a change would write nothing. */
  mark?: number;
  /** Default true; what is applied has none. */
  hasStatus?: boolean;
}

export function newApiPod(
  name: string,
  { namespace, ownerUid, mark = 0, hasStatus = true }: ApiPodOptions,
): Buffer {
  const { status, ...pod } = newBenchPod(name, namespace) as BenchPod & { status: object };
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: ownerUid, controller: true };
  const metadata = {
    ...pod.metadata,
    annotations: { 'example.com/config': String(mark).padStart(20, '0') },
    ownerReferences: [owner],
  };
  const spec = { ...(pod['spec'] as object), schedulerName: 'nobody' };
  return Buffer.from(JSON.stringify({ ...pod, metadata, spec, ...(hasStatus ? { status } : {}) }));
}
