/**
 * A connection to the cluster for the length of one command: the client for objects, and the two requests that only a
 * printer makes (a Table, and a watch of Tables).
 */
import type { ApiRequest } from '../api/message.ts';
import type { KubeObject } from '../api/meta.ts';
import { type Status, StatusError } from '../base/status-error.ts';
import type { ApiClient } from '../client/api-client.ts';
import { splitLines } from '../client/json-lines.ts';
import { expectSuccess, readChunks, readValue } from '../client/response-body.ts';
import { newRestClient } from '../client/rest-client.ts';
import type { CliWorld, ConnectionTarget, OpenTransport } from './cli-world.ts';
import { resolveDataDir } from './data-dir.ts';
import { parseKubeconfig } from './kubeconfig.ts';
import { CommandError } from './usage-error.ts';

/** How the user names the cluster; the first that is given counts. */
export interface ClusterChoice {
  kubeconfig?: string;
  dataDir?: string;
  namespace?: string;
}

/** `meta.k8s.io/v1` Table, as far as a printer needs it. */
export interface Table {
  kind: 'Table';
  metadata?: { resourceVersion?: string; continue?: string };
  columnDefinitions: readonly { name: string; priority: number }[];
  rows: readonly { cells: readonly unknown[]; object?: KubeObject }[];
}

const TABLE_ACCEPT = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export class ClusterSession {
  readonly client: ApiClient;
  /** Where namespaced objects are when the command does not say. */
  readonly namespace: string;
  readonly server: string;
  readonly #transport: OpenTransport;
  readonly #headers: Record<string, string>;

  constructor(transport: OpenTransport, target: ConnectionTarget & { namespace: string }, version: string) {
    const userAgent = `kintsugi/${version}`;
    const { token } = target;
    this.#transport = transport;
    this.namespace = target.namespace;
    this.server = target.server;
    this.#headers = {
      accept: TABLE_ACCEPT,
      'user-agent': userAgent,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const bearer = token === undefined ? {} : { bearerToken: () => token };
    this.client = newRestClient(transport, { userAgent, ...bearer });
  }

  async table(path: string, query: Record<string, string>, signal: AbortSignal): Promise<Table> {
    const response = await this.#transport.send(this.#get(path, query), signal);
    await expectSuccess(response);
    return (await readValue(response.body)) as Table;
  }

  /** Rows as they change. Each event's Table holds one row; columns come with the first only. */
  async *watchTable(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
  ): AsyncGenerator<{ type: string; table: Table }> {
    const response = await this.#transport.send(this.#get(path, { ...query, watch: 'true' }), signal);
    await expectSuccess(response);
    for await (const lines of splitLines(readChunks(response.body))) {
      for (const line of lines) {
        const event = JSON.parse(line) as { type: string; object: unknown };
        if (event.type === 'ERROR') throw StatusError.fromStatus(event.object as Status);
        if (event.type !== 'BOOKMARK') yield { type: event.type, table: event.object as Table };
      }
    }
  }

  close(): void {
    this.#transport.close();
  }

  #get(path: string, query: Record<string, string>): ApiRequest {
    return {
      method: 'GET',
      path,
      query: new URLSearchParams(query),
      headers: this.#headers,
      body: { kind: 'none' },
      peer: { kind: 'remote', address: '', certificate: undefined },
    };
  }
}

/** @throws CommandError when there is no kubeconfig to use */
export async function openSession(world: CliWorld, choice: ClusterChoice): Promise<ClusterSession> {
  const path = choice.kubeconfig ?? `${resolveDataDir(world, choice.dataDir)}/kubeconfig`;
  const text = await world.readText(path).catch((error: unknown) => {
    const hint =
      choice.kubeconfig === undefined
        ? '; start a cluster with `kintsugi up`, or name one with --data-dir'
        : '';
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`no cluster found: ${why}${hint}`, { cause: error });
  });
  const target = await parseKubeconfig(text, path, (file) => world.readText(file));
  const namespace = choice.namespace ?? target.namespace;
  return new ClusterSession(await world.connect(target), { ...target, namespace }, world.version);
}
