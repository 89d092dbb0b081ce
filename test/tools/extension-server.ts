/**
 * An extension API server as people write them: HTTPS, believes whoever shows a certificate of the front proxy's authority
 * about who asks, and serves `flunders` of `wardle.example.com/v1alpha1`, with watches. It can be told to misbehave.
 */
import { randomUUID, X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { issueCertificate, newKeyPair } from '../../src/platform/pki-certificate.ts';
import { exportKey } from '../../src/platform/pki-credential.ts';

/** What `extension-apiserver-authentication` says. */
export interface FrontProxyTrust {
  clientCa: string;
  allowedNames: string[];
}

/** How requests below {@link GROUP_PATH}, or all of them, are answered instead. */
export type Misbehaviour = 'none' | 'hangs' | 'garbage' | 'error' | 'redirects' | 'huge' | 'dies';

export interface SeenRequest {
  method: string;
  path: string;
  user: string;
  groups: string[];
  headers: NodeJS.Dict<string | string[]>;
}

export const GROUP_PATH = '/apis/wardle.example.com/v1alpha1';
const HOUR_MS = 3_600_000;
const HUGE_BYTES = 64 * 1024 * 1024;

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
const RESOURCES = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'wardle.example.com/v1alpha1',
  resources: [
    {
      name: 'flunders',
      singularName: 'flunder',
      namespaced: true,
      kind: 'Flunder',
      verbs: VERBS,
      shortNames: ['fl'],
    },
    {
      name: 'flunders/status',
      singularName: '',
      namespaced: true,
      kind: 'Flunder',
      verbs: ['get', 'update'],
    },
  ],
};
const FLUNDER_KIND = { group: 'wardle.example.com', version: 'v1alpha1', kind: 'Flunder' };
const OPEN_API = {
  openapi: '3.0.0',
  info: { title: 'wardle', version: '1' },
  paths: {
    [`${GROUP_PATH}/namespaces/{namespace}/flunders/{name}`]: {
      get: { 'x-kubernetes-action': 'get', 'x-kubernetes-group-version-kind': FLUNDER_KIND, responses: {} },
    },
  },
  components: {
    schemas: {
      'com.example.wardle.v1alpha1.Flunder': {
        type: 'object',
        description: 'A flunder, whatever that is.',
        properties: {
          apiVersion: { type: 'string' },
          kind: { type: 'string' },
          metadata: { type: 'object' },
          spec: { type: 'object', description: 'What is wanted of it.' },
        },
        'x-kubernetes-group-version-kind': [FLUNDER_KIND],
      },
    },
  },
};

const FLUNDER = 'com.example.wardle.v1alpha1.Flunder';
const [[path, item]] = Object.entries(OPEN_API.paths) as [[string, { get: object }]];
const OPEN_API_2 = {
  swagger: '2.0',
  info: OPEN_API.info,
  paths: {
    [path]: {
      get: { ...item.get, responses: { '200': { schema: { $ref: `#/definitions/${FLUNDER}` } } } },
    },
  },
  definitions: OPEN_API.components.schemas,
};

const DOCUMENTS: Readonly<Record<string, object>> = {
  [GROUP_PATH]: RESOURCES,
  '/openapi/v3': {
    paths: { [GROUP_PATH.slice(1)]: { serverRelativeURL: `/openapi/v3${GROUP_PATH}?hash=1` } },
  },
  [`/openapi/v3${GROUP_PATH}`]: OPEN_API,
  '/openapi/v2': OPEN_API_2,
};
const FLUNDER_PATH = /\/namespaces\/([^/]+)\/flunders(?:\/([^/]+))?$/;

interface Asked {
  method: string;
  namespace: string;
  name: string;
  body: string;
}

interface Flunder {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; resourceVersion?: string; uid?: string };
}

export class ExtensionServer {
  misbehaviour: Misbehaviour = 'none';
  /** A path that behaves, whatever the others do. */
  spared = '/none';
  /** Many know nothing of OpenAPI. */
  hasSchemas = true;
  readonly seen: SeenRequest[] = [];
  readonly #trust: FrontProxyTrust;
  readonly #flunders = new Map<string, Flunder>();
  readonly #watchers = new Set<{ response: ServerResponse; namespace: string }>();
  readonly #events: { type: string; object: Flunder }[] = [];
  #revision = 1;
  #server: ReturnType<typeof createServer> | undefined;
  caBundle = '';
  port = 0;

  constructor(trust: FrontProxyTrust) {
    this.#trust = trust;
  }

  /** @param host  that its certificate is for */
  async listen(host: string, port = 0): Promise<void> {
    const [authority, keys] = await Promise.all([newKeyPair(), newKeyPair()]);
    const now = Date.now();
    const valid = { notBeforeMs: now - HOUR_MS, notAfterMs: now + HOUR_MS };
    const subject = { commonName: 'extension-ca' };
    const issuer = { subject, keys: authority };
    const ca = issueCertificate({ subject, usage: 'ca', ...valid }, authority.publicKey, issuer);
    const order = { subject: { commonName: host }, usage: 'server', hosts: [host], ...valid } as const;
    const cert = issueCertificate(order, keys.publicKey, issuer);
    const tls = { cert, key: exportKey(keys.privateKey), ca: this.#trust.clientCa };
    const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false });
    server.on('request', (request, response) => this.#serve(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: TLSSocket) => {
      this.#note(request);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.caBundle = Buffer.from(ca).toString('base64');
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#watchers.clear();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** Breaks the connections of all watches. */
  killWatches(): void {
    for (const { response } of this.#watchers) response.socket?.destroy();
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  #note(request: IncomingMessage): SeenRequest {
    const list = (value: string | string[] | undefined) =>
      value === undefined ? [] : String(value).split(', ');
    const { headers, method = '', url = '' } = request;
    const user = String(headers['x-remote-user'] ?? '');
    const noted = { method, path: url, user, groups: list(headers['x-remote-group']), headers };
    this.seen.push(noted);
    return noted;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const noted = this.#note(request);
    const socket = request.socket as TLSSocket;
    const shown = socket.authorized ? new X509Certificate(socket.getPeerCertificate().raw) : undefined;
    const name = /CN=(.*)/.exec(shown?.subject ?? '')?.[1] ?? '';
    const isBelieved = this.#trust.allowedNames.includes(name) && noted.user !== '';
    const path = noted.path.split('?', 1)[0]!;
    const fixed = this.hasSchemas || !path.startsWith('/openapi/') ? DOCUMENTS[path] : undefined;
    if (!isBelieved) answer(response, 401, failure(401));
    else if (this.misbehaviour !== 'none' && path !== this.spared) misbehave(this.misbehaviour, response);
    else if (fixed !== undefined) answer(response, 200, fixed);
    else this.#resource(request, response);
  }

  #resource(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://self');
    const [, namespace = '', name = ''] = FLUNDER_PATH.exec(pathname) ?? [];
    if (namespace === '' && pathname !== `${GROUP_PATH}/flunders`) {
      answer(response, 404, failure(404));
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      if (searchParams.has('watch'))
        this.#watch(namespace, Number(searchParams.get('resourceVersion') ?? this.#revision), response);
      else this.#flunder({ method: request.method ?? '', namespace, name, body }, response);
    });
  }

  #watch(namespace: string, since: number, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watcher = { response, namespace };
    for (const event of this.#events)
      if (Number(event.object.metadata.resourceVersion) > since) tell(watcher, event);
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
  }

  #flunder(asked: Asked, response: ServerResponse): void {
    const { method, namespace, name, body } = asked;
    const found = this.#flunders.get(`${namespace}/${name}`);
    if (method === 'POST') this.#put('ADDED', namespace, JSON.parse(body) as Flunder, response);
    else if (name === '') answer(response, 200, this.#list(namespace));
    else if (found === undefined) answer(response, 404, failure(404, `flunders "${name}" not found`));
    else if (method === 'GET') answer(response, 200, found);
    else if (method === 'PUT') this.#put('MODIFIED', namespace, JSON.parse(body) as Flunder, response);
    else this.#delete(found, response);
  }

  #list(namespace: string): object {
    const items = [...this.#flunders.values()].filter(
      ({ metadata }) => namespace === '' || metadata.namespace === namespace,
    );
    const metadata = { resourceVersion: String(this.#revision) };
    return { kind: 'FlunderList', apiVersion: 'wardle.example.com/v1alpha1', metadata, items };
  }

  #delete(flunder: Flunder, response: ServerResponse): void {
    const { namespace, name } = flunder.metadata;
    this.#flunders.delete(`${namespace}/${name}`);
    const resourceVersion = String(++this.#revision);
    this.#tell('DELETED', { ...flunder, metadata: { ...flunder.metadata, resourceVersion } });
    answer(response, 200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
  }

  #put(type: 'ADDED' | 'MODIFIED', namespace: string, sent: Flunder, response: ServerResponse): void {
    const resourceVersion = String(++this.#revision);
    const flunder = {
      ...sent,
      metadata: { uid: randomUUID(), ...sent.metadata, namespace, resourceVersion },
    };
    this.#flunders.set(`${namespace}/${flunder.metadata.name}`, flunder);
    this.#tell(type, flunder);
    answer(response, type === 'ADDED' ? 201 : 200, flunder);
  }

  #tell(type: string, object: Flunder): void {
    this.#events.push({ type, object });
    for (const watcher of this.#watchers) tell(watcher, { type, object });
  }
}

function tell(
  { response, namespace }: { response: ServerResponse; namespace: string },
  event: { type: string; object: Flunder },
): void {
  if (namespace === '' || namespace === event.object.metadata.namespace)
    response.write(`${JSON.stringify(event)}\n`);
}

function misbehave(how: Misbehaviour, response: ServerResponse): void {
  if (how === 'hangs') return;
  if (how === 'dies') response.socket?.destroy();
  else if (how === 'garbage') response.socket?.end('\0\0 this is not HTTP\r\n\r\n');
  else if (how === 'error') answer(response, 500, failure(500));
  else if (how === 'redirects') response.writeHead(302, { location: 'https://example.com/' }).end();
  else response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.alloc(HUGE_BYTES, '['));
}

function failure(code: number, message = 'no'): object {
  const reason = code === 404 ? 'NotFound' : code === 401 ? 'Unauthorized' : 'InternalError';
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

function answer(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
