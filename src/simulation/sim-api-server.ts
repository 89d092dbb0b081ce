/** An API server in memory and in virtual time, for tests: everybody is allowed everything unless they say otherwise. */
import type { ApiRequest, ApiResponse, UserInfo } from '../api/message.ts';
import { type ApiServer, newApiServer } from '../apiserver/api-server.ts';
import { AuditLog, type AuditLogOptions } from '../apiserver/audit/audit-log.ts';
import { bootstrapCluster } from '../apiserver/bootstrap.ts';
import type { RequestAuthenticator, RequestAuthorizer } from '../apiserver/interfaces.ts';
import type { AgentReader } from '../apiserver/usage/agent-reader.ts';
import { silentLogger } from '../base/logger.ts';
import { MemoryJournal } from '../store/memory-journal.ts';
import { type OpenStore, openStore } from '../store/mvcc-store.ts';
import { newSimulatedClock, type SimulatedClock } from './sim-clock.ts';
import { SIMULATED_AUTHORITIES, SimulatedExtensions } from './sim-extensions.ts';
import { newSeededRandom } from './sim-random.ts';
import { SimulatedWebhooks } from './sim-webhooks.ts';

export const ADMIN: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };

export interface SimulatedApiServer {
  server: ApiServer;
  store: OpenStore;
  /** Under the store: fails when told to. */
  journal: MemoryJournal;
  clock: SimulatedClock;
  /** Sends one request; `body` goes in as JSON, or as the bytes that it is. */
  /** What answers to webhooks' URLs. */
  webhooks: SimulatedWebhooks;
  /** What answers behind APIServices. */
  extensions: SimulatedExtensions;
  readonly call: (
    method: ApiRequest['method'],
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of any kind
  value: any;
  response: ApiResponse;
}

export interface SimulatedApiServerOptions {
  authorizer?: RequestAuthorizer;
  /** Absent: whoever the request says is in this process, and else the administrator. */
  authenticator?: RequestAuthenticator;
  /** Absent: nothing is written down. */
  audit?: Pick<AuditLogOptions, 'policy' | 'sink'>;
  agents?: AgentReader;
  /** Absent: as many as upstream. */
  totalSeats?: number;
  seed?: number;
}

export async function newSimulatedApiServer({
  authorizer,
  authenticator,
  audit,
  agents,
  totalSeats,
  seed = 1,
}: SimulatedApiServerOptions = {}): Promise<SimulatedApiServer> {
  const clock = newSimulatedClock();
  const journal = new MemoryJournal();
  const webhooks = new SimulatedWebhooks();
  const extensions = new SimulatedExtensions(clock);
  const store = await openStore({ journal, clock, log: silentLogger }, new AbortController().signal);
  const server = newApiServer({
    clock,
    random: newSeededRandom(seed),
    log: silentLogger,
    store,
    authenticator: authenticator ?? {
      authenticate: ({ peer }) => (peer.kind === 'internal' ? peer.user : ADMIN),
    },
    ...(audit && { audit: new AuditLog({ clock, ...audit }) }),
    authorizer: authorizer ?? { authorize: () => ({ allowed: true }) },
    rules: { rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }) },
    tokenVerifier: { verify: async () => undefined },
    tokenIssuer: {
      issue: async ({ serviceAccount }) => ({
        token: `token-of-${serviceAccount.name}`,
        expirationTimestamp: '2026-01-01T01:00:00Z',
      }),
    },
    responders: [],
    extraAdmission: [],
    extraValidation: [],
    webhooks,
    extensions: { reader: extensions, authorities: SIMULATED_AUTHORITIES },
    podCidr: '127.64.0.0/16',
    ...(agents === undefined ? {} : { agents }),
    ...(totalSeats === undefined ? {} : { totalSeats }),
    serviceRanges: { clusterIps: '10.96.0.0/24', nodePorts: { first: 30000, last: 32767 } },
  });
  await bootstrapCluster(server.registry, {
    advertise: { address: '192.0.2.1', port: 6443 },
    rbacObjects: [],
  });
  const call = newCaller(server);
  await call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  return { server, store, journal, clock, webhooks, extensions, call };
}

function newCaller(server: ApiServer): SimulatedApiServer['call'] {
  return async (method, url, body, headers = {}) => {
    const response = await server.handle(
      newRequest(method, url, body, headers),
      new AbortController().signal,
    );
    const shown = response.body;
    const value = shown.kind === 'object' || shown.kind === 'list' ? shown.value : undefined;
    return { status: response.status, headers: response.headers, value, response };
  };
}

export function newRequest(
  method: ApiRequest['method'],
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): ApiRequest {
  const [path = '', query = ''] = url.split('?');
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers,
    body: body === undefined ? { kind: 'none' } : { kind: 'bytes', bytes: bytesOf(body) },
    peer: { kind: 'internal', user: ADMIN },
  };
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

export function pod(name: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name.replace(/-.*/, '') } },
    spec: { containers: [{ name: 'main', image: 'web' }], ...extra },
  };
}

export const PODS_URL = '/api/v1/namespaces/default/pods';
