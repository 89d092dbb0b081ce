/** A small controller of one's own: deletes each ConfigMap that says how long it may live, when that time has passed. */
import type { ControllerContext } from 'kintsugi/testing';

export const TTL_ANNOTATION = 'example.com/ttl-seconds';

export async function expireConfigMaps(
  { client, clock, informers }: ControllerContext,
  signal: AbortSignal,
): Promise<void> {
  const maps = informers.informer('configmaps');
  await informers.whenSynced();
  while (!signal.aborted) {
    for (const { metadata } of maps.list()) {
      const ttlSeconds = Number(metadata.annotations?.[TTL_ANNOTATION]);
      const ageSeconds = (clock.now() - Date.parse(metadata.creationTimestamp)) / 1000;
      if (ageSeconds >= ttlSeconds) await client.delete('configmap', { ...metadata });
    }
    await clock.sleep(10_000, signal);
  }
}
