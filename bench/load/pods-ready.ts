/** Waiting for Pods by watching them, as a client does. */
import type { Pod } from '../../src/api/generated/core-v1.ts';
import { PODS } from '../../src/api/resources.ts';
import type { ApiClient } from '../../src/client/api-client.ts';

/** Resolves when `count` Pods of the default namespace are ready. Rejects with `signal.reason`. */
export async function podsReady(client: ApiClient, count: number, signal: AbortSignal): Promise<void> {
  const ready = new Set<string>();
  const { items, metadata } = await client.list(PODS, { namespace: 'default' }, signal);
  for (const pod of items) if (isReady(pod)) ready.add(pod.metadata.name);
  if (ready.size >= count) return;
  const options = { namespace: 'default', resourceVersion: metadata.resourceVersion! };
  for await (const event of client.watch(PODS, options, signal)) {
    if (event.type !== 'MODIFIED' || !isReady(event.object)) continue;
    ready.add(event.object.metadata.name);
    if (ready.size >= count) return;
  }
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}
