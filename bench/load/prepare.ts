/** Where the benchmark's Pods live: a namespace of their own, with what admission and the garbage collector look for. */
import type { KubeObject, NewObject } from '../../src/api/meta.ts';
import { CONFIG_MAPS, NAMESPACES, type ResourceRef, SERVICE_ACCOUNTS } from '../../src/api/resources.ts';
import { StatusError } from '../../src/base/status-error.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import { newServerClient } from '../../test/tools/server-client.ts';
import type { ServerProcess } from '../../test/tools/server-process.ts';

const { signal } = new AbortController();

/** Resolves with the uid of the object that owns the Pods: without it the garbage collector would delete them. */
export async function prepareNamespace(
  server: Pick<ServerProcess, 'url' | 'tls'>,
  namespace: string,
): Promise<string> {
  const { client, close } = newServerClient(server);
  await ensure(client, NAMESPACES, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
    spec: {},
  });
  await ensure(client, SERVICE_ACCOUNTS, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace },
  });
  await ensure(client, CONFIG_MAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'owner', namespace },
  });
  const owner = await client.get(CONFIG_MAPS, { namespace, name: 'owner' }, signal);
  close();
  return owner.metadata.uid;
}

async function ensure<T extends KubeObject>(
  client: ApiClient,
  resource: ResourceRef<T>,
  object: NewObject<T>,
): Promise<void> {
  await client.create(resource, object, signal).catch((error: unknown) => {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
  });
}
