/** Where the benchmark's Pods live: a namespace of their own, with what admission and the garbage collector look for. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject, NewObject } from '../../src/api/meta.ts';
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  RESOURCE_QUOTAS,
  type ResourceRef,
  SERVICE_ACCOUNTS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from '../../src/api/resources.ts';
import { StatusError } from '../../src/base/status-error.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import { newServerClient } from '../../test/tools/server-client.ts';
import type { ServerProcess } from '../../test/tools/server-process.ts';
import { type BenchDefinition, newDefinition, RULED_DEFINITION } from './api-custom.ts';

const READY_POLL_MS = 20;
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

/** Gives `namespace` a quota that is never reached; resolves when it is in force. */
export async function limitPods(
  server: Pick<ServerProcess, 'url' | 'tls'>,
  namespace: string,
): Promise<void> {
  const { client, close } = newServerClient(server);
  const name = 'pods';
  const hard = { pods: '1M', 'count/pods': '1M', 'requests.cpu': '1M', 'limits.memory': '1Pi' };
  await client.create(
    RESOURCE_QUOTAS,
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name, namespace }, spec: { hard } },
    signal,
  );
  for (;;) {
    const { status } = await client.get(RESOURCE_QUOTAS, { namespace, name }, signal);
    if (status?.used !== undefined) break;
    await delay(READY_POLL_MS);
  }
  close();
}

/** Has a webhook at `clientConfig` asked about every Pod that is created in `namespace`. */
export async function askAboutPods(
  server: Pick<ServerProcess, 'url' | 'tls'>,
  namespace: string,
  clientConfig: { url: string; caBundle: string },
): Promise<void> {
  const { client, close } = newServerClient(server);
  const webhook = {
    name: 'pods.bench.example.com',
    clientConfig,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  };
  await client.create(
    VALIDATING_WEBHOOK_CONFIGURATIONS,
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'pods' },
      webhooks: [webhook],
    },
    signal,
  );
  close();
}

/** Resolves when objects of the kind with rules can be created. */
export function defineRuled(server: Pick<ServerProcess, 'url' | 'tls'>): Promise<void> {
  return define(server, [RULED_DEFINITION]);
}

/** Definitions of the size that operators have, all of one group. */
export function defineMany(server: Pick<ServerProcess, 'url' | 'tls'>, count: number): Promise<void> {
  const definitions = Array.from({ length: count }, (_, index) => newDefinition(`many${index}`));
  return define(server, definitions);
}

/** Resolves when all are served. */
async function define(
  server: Pick<ServerProcess, 'url' | 'tls'>,
  definitions: readonly BenchDefinition[],
): Promise<void> {
  const { client, close } = newServerClient(server);
  for (const definition of definitions) {
    await client.create(CUSTOM_RESOURCE_DEFINITIONS, definition as never, signal);
  }
  for (const { metadata } of definitions) await untilEstablished(client, metadata.name);
  close();
}

async function untilEstablished(client: ApiClient, name: string): Promise<void> {
  for (;;) {
    const { status } = await client.get(CUSTOM_RESOURCE_DEFINITIONS, { namespace: '', name }, signal);
    if (status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True')) return;
    await delay(READY_POLL_MS);
  }
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
