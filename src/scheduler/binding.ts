/**
 * Writes the decision: one binding, and what became of it. When the answer is lost the Pod itself tells, for a Pod that is
 * bound although nobody knows would be counted nowhere.
 */
import type { Pod } from '../api/generated/core-v1.ts';
import { namespaceOf } from '../api/meta.ts';
import { PODS } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import { hasReason, StatusError } from '../base/status-error.ts';
import type { ApiClient } from '../client/api-client.ts';
import { BINDING_INQUIRY_MS } from './defaults.ts';

export type BindingOutcome =
  | { kind: 'bound' }
  /** The Pod is gone, or another one has its name. */
  | { kind: 'gone' }
  /** It is not on our node; the Pod comes again unless the cache says otherwise. */
  | { kind: 'refused'; error: StatusError };

export interface BindingContext {
  client: ApiClient;
  clock: Clock;
}

/** Rejects only when `signal` aborts. */
export async function bindPod(
  pod: Pod,
  nodeName: string,
  { client, clock }: BindingContext,
  signal: AbortSignal,
): Promise<BindingOutcome> {
  const { name, uid } = pod.metadata;
  const namespace = namespaceOf(pod);
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid },
    target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
  };
  const write = client.createSubresource(PODS, { namespace, name }, { name: 'binding', body }, signal);
  const error = await failureOf(write);
  if (error === undefined) return { kind: 'bound' };
  if (hasReason(error, 'NotFound')) return { kind: 'gone' };
  if (isRefusal(error)) return { kind: 'refused', error };
  for (;;) {
    let seen: Pod | undefined;
    const unseen = await failureOf(client.get(PODS, { namespace, name }, signal).then((now) => (seen = now)));
    if (seen !== undefined) return judge(pod, { seen, nodeName, error });
    if (unseen !== undefined && hasReason(unseen, 'NotFound')) return { kind: 'gone' };
    await clock.sleep(BINDING_INQUIRY_MS, signal);
  }
}

function judge(
  pod: Pod,
  { seen, nodeName, error }: { seen: Pod; nodeName: string; error: StatusError },
): BindingOutcome {
  if (seen.metadata.uid !== pod.metadata.uid) return { kind: 'gone' };
  return seen.spec.nodeName === nodeName ? { kind: 'bound' } : { kind: 'refused', error };
}

/** The server has said no, as against having said nothing. */
function isRefusal({ code }: StatusError): boolean {
  return code >= 400 && code < 500 && code !== 408;
}

function failureOf(work: Promise<unknown>): Promise<StatusError | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof StatusError) return error;
      throw error;
    },
  );
}
