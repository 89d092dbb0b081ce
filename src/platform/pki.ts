/**
 * The cluster's certificates: made on first start, checked on every start, renewed at two thirds of their life while
 * everything runs. Whoever serves TLS takes the credentials anew when {@link Pki.onRenewal} calls.
 *
 *   cluster-ca ── signs ──> api-server (server), nodes/NAME/server      what clients verify: cluster-ca.crt
 *   client-ca  ── signs ──> admin, api-server-kubelet-client,           what servers verify: client-ca.crt
 *                           nodes/NAME/client
 *   front-proxy-ca ── signs ──> front-proxy-client                      what extension API servers verify: front-proxy-ca.crt
 *   service-account.key: signs tokens
 *
 * Authorities of their own, so that no serving certificate can ever pass for a client, and no client for the API server, which
 * may say on whose behalf it asks. A renewed authority keeps its key: what it
 * signed before stays valid. Invariant: files under `directory` are whole, and keys are 0600.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FRONT_PROXY_NAME } from '../api/api-service.ts';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { writeFileDurably } from './durable-file.ts';
import { type CertificateAuthority, newLeaf, openAuthority } from './pki-authority.ts';
import { type EncodedOrder, newKeyPair } from './pki-certificate.ts';
import { type Credential, exportKey, PRIVATE_MODE, readIfPresent, renewalDueMs } from './pki-credential.ts';

export interface PkiOptions {
  /** `DATA_DIR/pki`; made when absent, 0700. */
  directory: string;
  /** Further DNS names and addresses by which the API server is reached: the host's own, the service address. */
  serverHosts: readonly string[];
}

/** What a TLS server presents, and whose clients it trusts. All PEM. */
export interface ServerTls {
  key: string;
  cert: string;
  /** The authority that signs clients. */
  clientCa: string;
}

/** What a TLS client presents, and which servers it trusts. All PEM. */
export interface ClientTls {
  key: string;
  cert: string;
  /** The authority that signs servers. */
  serverCa: string;
}

export interface NodeTls {
  client: ClientTls;
  server: ServerTls;
}

export interface Pki {
  /** PEM: what every client must trust. */
  readonly clusterCa: string;
  /** The API server's serving certificate. */
  server(): ServerTls;
  /** What the API server shows to the agents: `kube-apiserver-kubelet-client` in `system:masters`. */
  kubeletClient(): ClientTls;
  /** PEM: the authority that signs clients. */
  readonly clientCa: string;
  /** PEM: the authority that signs what the API server shows to extension API servers, and nothing else. */
  readonly frontProxyCa: string;
  /** What the API server shows to extension API servers: `front-proxy-client`. */
  frontProxyClient(): Pick<ClientTls, 'key' | 'cert'>;
  /** `kubernetes-admin` in `system:masters`. */
  admin(): ClientTls;
  /** The credentials of one node, made or renewed when needed. `hosts` are the addresses at which its agent serves. */
  node(name: string, hosts: readonly string[]): Promise<NodeTls>;
  /** Certificates for keys that others hold; `client` ones are let in by the API server, `cluster` ones are believed to be its agents. */
  issueFor(authority: 'cluster' | 'client', publicKey: KeyObject, order: EncodedOrder): string;
  /** PEM, PKCS #8, EC P-256. */
  readonly serviceAccountKey: string;
  /** Calls `listener` after credentials were renewed, until the returned function is called. */
  onRenewal(listener: () => void): () => void;
  /** Renews what falls due, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Names under which every API server is known to its clients. Source: kubeadm, pkiutil.GetAPIServerAltNames. */
const API_SERVER_HOSTS = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'localhost',
  '127.0.0.1',
  '::1',
];

/** Wall time may jump: how long at most until due dates are looked at again. */
const CHECK_INTERVAL_MS = 60 * 60 * 1000;

/** Opens the certificates in `options.directory`, making or renewing what is absent, expired or due. */
export async function openPki(clock: Clock, log: Logger, options: PkiOptions): Promise<Pki> {
  await mkdir(join(options.directory, 'nodes'), { recursive: true, mode: 0o700 });
  const [cluster, client, frontProxy, serviceAccountKey] = await Promise.all([
    openAuthority(clock, join(options.directory, 'cluster-ca'), 'kintsugi-cluster-ca'),
    openAuthority(clock, join(options.directory, 'client-ca'), 'kintsugi-client-ca'),
    openAuthority(clock, join(options.directory, 'front-proxy-ca'), 'kintsugi-front-proxy-ca'),
    openSigningKey(join(options.directory, 'service-account.key')),
  ]);
  const pki = new DirectoryPki({ cluster, client, frontProxy, serviceAccountKey }, clock, log, options);
  await pki.ensure();
  return pki;
}

/** The files that hold one node's credentials; the agent reads them, `openPki`'s process writes them. */
export function nodeCredentialPaths(directory: string, name: string): { client: string; server: string } {
  assert(/^[a-z0-9][a-z0-9.-]*$/.test(name), `${JSON.stringify(name)} is not a node's name`);
  const folder = join(directory, 'nodes', name);
  return { client: join(folder, 'client.pem'), server: join(folder, 'server.pem') };
}

interface Roots {
  cluster: CertificateAuthority;
  client: CertificateAuthority;
  frontProxy: CertificateAuthority;
  serviceAccountKey: string;
}

interface NodeCredentials {
  hosts: readonly string[];
  client: Credential;
  server: Credential;
}

class DirectoryPki implements Pki {
  readonly serviceAccountKey: string;
  readonly #roots: Roots;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #options: PkiOptions;
  readonly #nodes = new Map<string, NodeCredentials>();
  readonly #listeners = new Set<() => void>();
  #server!: Credential;
  #kubeletClient!: Credential;
  #admin!: Credential;
  #frontProxy!: Credential;

  constructor(roots: Roots, clock: Clock, log: Logger, options: PkiOptions) {
    this.#roots = roots;
    this.serviceAccountKey = roots.serviceAccountKey;
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
  }

  get clusterCa(): string {
    return this.#roots.cluster.credential.certificate;
  }

  get clientCa(): string {
    return this.#roots.client.credential.certificate;
  }

  get frontProxyCa(): string {
    return this.#roots.frontProxy.credential.certificate;
  }

  frontProxyClient(): Pick<ClientTls, 'key' | 'cert'> {
    const { key, certificate } = this.#frontProxy;
    return { key, cert: certificate };
  }

  server(): ServerTls {
    return this.#asServer(this.#server);
  }

  kubeletClient(): ClientTls {
    return this.#asClient(this.#kubeletClient);
  }

  admin(): ClientTls {
    return this.#asClient(this.#admin);
  }

  async node(name: string, hosts: readonly string[]): Promise<NodeTls> {
    const node = await this.#ensureNode(name, hosts);
    return { client: this.#asClient(node.client), server: this.#asServer(node.server) };
  }

  issueFor(authority: 'cluster' | 'client', publicKey: KeyObject, order: EncodedOrder): string {
    return this.#roots[authority].issueFor(publicKey, order);
  }

  onRenewal(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = Math.min(Math.max(this.#nextDueMs() - this.#clock.now(), 0), CHECK_INTERVAL_MS);
      await this.#clock.sleep(waitMs, signal).catch(() => undefined);
      if (signal.aborted || this.#nextDueMs() > this.#clock.now()) continue;
      await this.ensure();
      this.#log.info('certificates renewed', { nextRenewal: new Date(this.#nextDueMs()).toISOString() });
      for (const listener of this.#listeners) listener();
    }
  }

  /** Makes or renews whatever is not good for a while. */
  async ensure(): Promise<void> {
    const { cluster, client, frontProxy } = this.#roots;
    await Promise.all([cluster.ensure(), client.ensure(), frontProxy.ensure()]);
    const path = (name: string) => join(this.#options.directory, `${name}.pem`);
    [this.#server, this.#kubeletClient, this.#admin, this.#frontProxy] = await Promise.all([
      newLeaf(cluster, path('api-server'), {
        subject: { commonName: 'kube-apiserver' },
        usage: 'server',
        hosts: [...new Set([...API_SERVER_HOSTS, ...this.#options.serverHosts])],
      }),
      newLeaf(client, path('api-server-kubelet-client'), {
        subject: { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] },
        usage: 'client',
      }),
      newLeaf(client, path('admin'), {
        subject: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
        usage: 'client',
      }),
      newLeaf(frontProxy, path('front-proxy-client'), {
        subject: { commonName: FRONT_PROXY_NAME },
        usage: 'client',
      }),
    ]);
    for (const [name, node] of this.#nodes) await this.#ensureNode(name, node.hosts);
  }

  async #ensureNode(name: string, hosts: readonly string[]): Promise<NodeCredentials> {
    const paths = nodeCredentialPaths(this.#options.directory, name);
    await mkdir(join(this.#options.directory, 'nodes', name), { recursive: true, mode: 0o700 });
    const subject = { commonName: `system:node:${name}`, organizations: ['system:nodes'] };
    const [client, server] = await Promise.all([
      newLeaf(this.#roots.client, paths.client, { subject, usage: 'client' }),
      newLeaf(this.#roots.cluster, paths.server, {
        subject,
        usage: 'server',
        hosts: [...new Set([name, 'localhost', '127.0.0.1', '::1', ...hosts])],
      }),
    ]);
    const node = { hosts, client, server };
    this.#nodes.set(name, node);
    return node;
  }

  #nextDueMs(): number {
    const nodes = [...this.#nodes.values()].flatMap((node) => [node.client, node.server]);
    const { cluster, client, frontProxy } = this.#roots;
    const roots = [cluster.credential, client.credential, frontProxy.credential];
    const leaves = [this.#server, this.#kubeletClient, this.#admin, this.#frontProxy];
    return Math.min(...[...roots, ...leaves, ...nodes].map(renewalDueMs));
  }

  #asServer(leaf: Credential): ServerTls {
    return { key: leaf.key, cert: leaf.certificate, clientCa: this.clientCa };
  }

  #asClient(leaf: Credential): ClientTls {
    return { key: leaf.key, cert: leaf.certificate, serverCa: this.clusterCa };
  }
}

async function openSigningKey(path: string): Promise<string> {
  const existing = await readIfPresent(path);
  if (existing !== undefined) {
    const isReadable = tryParseKey(existing);
    if (!isReadable) throw new Error(`${path}: not a readable private key`);
    return existing;
  }
  const key = exportKey((await newKeyPair()).privateKey);
  await writeFileDurably(path, key, PRIVATE_MODE);
  return key;
}

function tryParseKey(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}
