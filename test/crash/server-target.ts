/**
 * The whole server as a {@link CrashTarget}: a process that is driven over HTTPS as any client does it.
 *
 * Keys are PodTemplates, since PUT creates them, DELETE answers with the object and no controller touches them; the value
 * lies in annotations. Each life has connections of its own, several, so that requests are spread as clients spread them.
 */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { PodTemplate } from '../../src/api/generated/core-v1.ts';
import { POD_TEMPLATES } from '../../src/api/resources.ts';
import { hasReason } from '../../src/base/status-error.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import { newServerClient, type ServerClient } from '../tools/server-client.ts';
import { launchServer, type ServerProcess, startServer } from '../tools/server-process.ts';
import type { CrashEvent, CrashList, CrashSession, CrashTarget, CrashValue } from './crash-target.ts';

const NAMESPACE = 'default';
const CONNECTIONS = 8;

export function newServerTarget(dataDir: string): CrashTarget {
  const servers = new Set<{ kill(): Promise<unknown> }>();
  const track = <T extends { kill(): Promise<unknown>; exited: Promise<unknown> }>(server: T): T => {
    servers.add(server);
    void server.exited.then(() => servers.delete(server));
    return server;
  };
  return {
    dispose: () => servers.forEach((server) => void server.kill()),
    start: async () => new ServerSession(track(await startServer({ dataDir }))),
    async startAndKill(afterMs) {
      const server = track(launchServer({ dataDir }));
      await delay(afterMs);
      await server.kill();
    },
  };
}

class ServerSession implements CrashSession {
  readonly #server: ServerProcess;
  readonly #connections: ServerClient[];
  readonly #gone = new AbortController();
  #next = 0;
  #isDying = false;
  /** Answers that did not come although the server lived. */
  readonly #unexplained: unknown[] = [];

  constructor(server: ServerProcess) {
    this.#server = server;
    this.#connections = Array.from({ length: CONNECTIONS }, () => newServerClient(server));
  }

  async write(key: string, value: CrashValue): Promise<number> {
    const client = this.#client();
    for (;;) {
      try {
        return revisionOf(await client.update(POD_TEMPLATES, toTemplate(key, value), this.#gone.signal));
      } catch (error) {
        // Another writer was between this one's look and its write: nothing was written.
        const isRace = ['Conflict', 'AlreadyExists', 'NotFound'].some((reason) =>
          hasReason(error, reason as never),
        );
        if (!isRace) throw this.#failed(error);
      }
    }
  }

  async remove(key: string): Promise<number | undefined> {
    const target = { namespace: NAMESPACE, name: key };
    try {
      return revisionOf(await this.#client().delete(POD_TEMPLATES, target, {}, this.#gone.signal));
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw this.#failed(error);
    }
  }

  async list(): Promise<CrashList> {
    const list = await this.#client().list(POD_TEMPLATES, { namespace: NAMESPACE }, this.#gone.signal);
    return { revision: Number(list.metadata.resourceVersion), items: list.items.map(toItem) };
  }

  async *watch(afterRevision: number): AsyncGenerator<CrashEvent> {
    const options = { namespace: NAMESPACE, resourceVersion: String(afterRevision) };
    try {
      for await (const event of this.#client().watch(POD_TEMPLATES, options, this.#gone.signal)) {
        if (event.type === 'BOOKMARK') continue;
        yield { type: event.type === 'DELETED' ? 'delete' : 'put', ...toItem(event.object) };
      }
    } catch (error) {
      if (!this.#gone.signal.aborted && !hasReason(error, 'ServiceUnavailable')) throw error;
    }
  }

  compact(): Promise<void> {
    return Promise.reject(new Error('no client can tell a server to compact'));
  }

  async kill(): Promise<void> {
    this.#isDying = true;
    const { signal } = await this.#server.kill();
    assert.deepEqual(this.#unexplained, [], 'a live server answers');
    assert.equal(
      signal,
      'SIGKILL',
      `the server ended by itself before it was killed:\n${this.#server.log()}`,
    );
  }

  #failed(error: unknown): unknown {
    if (!this.#isDying) this.#unexplained.push(error);
    return error;
  }

  #client(): ApiClient {
    return this.#connections[this.#next++ % this.#connections.length]!.client;
  }
}

function toTemplate(name: string, value: CrashValue): PodTemplate {
  const template = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { namespace: NAMESPACE, name, annotations: { ...value } },
    template: { spec: { containers: [{ name: 'main', image: 'main' }] } },
  };
  // What the server fills in is not there yet.
  return template as unknown as PodTemplate;
}

function toItem(object: PodTemplate): Omit<CrashEvent, 'type'> {
  const { id = '', padding = '' } = object.metadata.annotations ?? {};
  return { key: object.metadata.name, revision: revisionOf(object), value: { id, padding } };
}

function revisionOf({ metadata }: PodTemplate): number {
  return Number(metadata.resourceVersion);
}
