/**
 * The agent's own HTTPS API, as values: logs, exec, attach, port-forward, Pods, health and stats. Only the API server's
 * client certificate may call it; everything but `/healthz` is refused to anyone else.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/server/server.go
 */

import type { Pod } from '../../api/generated/core-v1.ts';
import type { ApiRequest, ApiResponse, Peer } from '../../api/message.ts';
import type { Clock } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import type {
  ByteStream,
  ContainerRuntime,
  ContainerStatus,
  ExecSession,
  StreamOptions,
} from '../../container-runtime/runtime.ts';
import { byNewest, CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../container-identity.ts';
import { isTrue, logBytes, parseLogOptions } from './container-logs.ts';
import { toResourceMetrics, toSummary } from './usage-answers.ts';
import { type NodeUse, UsageMeter } from './usage-meter.ts';

export interface AgentApiDeps {
  clock: Clock;
  runtime: ContainerRuntime;
  nodeName: string;
  pods(): readonly Pod[];
  /** Of the machine that the node is on, where there is one. */
  nodeUse?: () => NodeUse;
  /** Common names of the client certificates that may call. */
  allowedClients: readonly string[];
}

/** What an upgraded connection is to be joined with. */
export type AgentStream =
  | { kind: 'command'; options: StreamOptions; open(signal: AbortSignal): Promise<ExecSession> }
  | { kind: 'portForward'; dial(port: number, signal: AbortSignal): Promise<ByteStream> };

export interface AgentApi {
  handle(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
  /** Decides on an upgrade. @throws StatusError to refuse it */
  openStream(request: ApiRequest, signal: AbortSignal): Promise<AgentStream>;
}

/** The certificate that the API server shows to agents. */
export const API_SERVER_CLIENT = 'kube-apiserver-kubelet-client';

type Route = (segments: readonly string[], request: ApiRequest, signal: AbortSignal) => Promise<ApiResponse>;

export function newAgentApi(deps: AgentApiDeps): AgentApi {
  const meter = new UsageMeter(deps);
  const routes: Readonly<Record<string, Route>> = {
    containerLogs: (segments, request, signal) => containerLogs(deps, segments, request, signal),
    pods: async () => json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: deps.pods() }),
    metrics: async ([what], _, signal) => {
      if (what !== 'resource') throw newUnknownPath();
      return text(toResourceMetrics(deps.pods(), await meter.read(signal)));
    },
    stats: async ([what], _, signal) => {
      if (what !== 'summary') throw newUnknownPath();
      return json(toSummary(deps.nodeName, deps.pods(), await meter.read(signal)));
    },
  };
  return {
    async handle(request, signal) {
      const [first = '', ...rest] = segmentsOf(request.path);
      if (first === 'healthz') return text('ok');
      authorize(deps, request.peer);
      const route = routes[first];
      if (route === undefined || request.method !== 'GET') throw newUnknownPath();
      return route(rest, request, signal);
    },
    async openStream(request, signal) {
      authorize(deps, request.peer);
      return streamFor(deps, request, signal);
    },
  };
}

function newUnknownPath(): StatusError {
  return new StatusError('NotFound', '404 page not found');
}

function authorize({ allowedClients }: AgentApiDeps, peer: Peer): void {
  if (peer.kind === 'internal') return;
  const { certificate } = peer;
  if (certificate === undefined || !certificate.trusted)
    throw new StatusError('Unauthorized', 'Unauthorized');
  if (allowedClients.includes(certificate.commonName)) return;
  throw new StatusError(
    'Forbidden',
    `Forbidden (user=${certificate.commonName}, resource=nodes, subresource=proxy)`,
  );
}

function segmentsOf(path: string): string[] {
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => decode(segment));
}

function decode(segment: string): string {
  // A lone percent sign is no encoding.
  if (!/^(?:[^%]|%[0-9a-fA-F]{2})*$/.test(segment)) throw new StatusError('BadRequest', 'malformed path');
  return decodeURIComponent(segment);
}

async function containerLogs(
  deps: AgentApiDeps,
  [namespace = '', name = '', container = '']: readonly string[],
  request: ApiRequest,
  signal: AbortSignal,
): Promise<ApiResponse> {
  const options = parseLogOptions(request.query, deps.clock.now());
  const instances = await instancesOf(deps, findPod(deps, namespace, name), container, signal);
  const instance = options.previous ? previousOf(instances) : instances[0];
  if (instance === undefined) {
    const what = options.previous ? 'previous terminated container' : 'container';
    const where = `"${container}" in pod "${name}"`;
    throw new StatusError(
      'BadRequest',
      options.previous ? `${what} ${where} not found` : `${what} ${where} is waiting to start`,
    );
  }
  return {
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: { kind: 'stream', chunks: logBytes(deps.runtime, instance.id, options, signal) },
  };
}

/** The last instance that has ended: the newest one itself while the next has not been made. */
function previousOf(instances: readonly ContainerStatus[]): ContainerStatus | undefined {
  const [newest, before] = instances;
  return newest?.state === 'exited' && before === undefined ? newest : before;
}

function findPod(deps: AgentApiDeps, namespace: string, name: string): Pod {
  const pod = deps.pods().find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  if (pod === undefined) throw new StatusError('NotFound', `pod ${name}_${namespace} does not exist`);
  return pod;
}

async function instancesOf(
  { runtime }: AgentApiDeps,
  { metadata }: Pod,
  container: string,
  signal: AbortSignal,
): Promise<readonly ContainerStatus[]> {
  const all = await runtime.listContainers(signal);
  return all
    .filter(
      ({ labels }) => labels[POD_UID_LABEL] === metadata.uid && labels[CONTAINER_NAME_LABEL] === container,
    )
    .sort(byNewest);
}

async function streamFor(deps: AgentApiDeps, request: ApiRequest, signal: AbortSignal): Promise<AgentStream> {
  const [verb, namespace = '', name = '', container = ''] = segmentsOf(request.path);
  const pod = findPod(deps, namespace, name);
  if (verb === 'portForward') return portForward(deps, pod, signal);
  if (verb !== 'exec' && verb !== 'attach') throw newUnknownPath();
  const [instance] = await instancesOf(deps, pod, container, signal);
  if (instance?.state !== 'running') {
    throw new StatusError('NotFound', `container not found ("${container}")`);
  }
  const options = streamOptions(request.query);
  const command = request.query.getAll('command');
  const open = (scope: AbortSignal) =>
    verb === 'exec'
      ? deps.runtime.exec(instance.id, { ...options, command }, scope)
      : deps.runtime.attach(instance.id, options, scope);
  return { kind: 'command', options, open };
}

function streamOptions(query: URLSearchParams): StreamOptions {
  const tty = isTrue(query.get('tty'));
  return {
    stdin: isTrue(query.get('input')),
    stdout: isTrue(query.get('output')),
    // A terminal has one output.
    stderr: isTrue(query.get('error')) && !tty,
    tty,
  };
}

async function portForward({ runtime }: AgentApiDeps, pod: Pod, signal: AbortSignal): Promise<AgentStream> {
  const sandboxes = await runtime.listPodSandboxes(signal);
  const sandbox = sandboxes.find(
    ({ metadata, state }) => metadata.uid === pod.metadata.uid && state === 'ready',
  );
  if (sandbox === undefined) throw new StatusError('NotFound', `pod ${pod.metadata.name} is not running`);
  return { kind: 'portForward', dial: (port, scope) => runtime.dial(sandbox.id, port, scope) };
}

function json(value: unknown): ApiResponse {
  const bytes = () => new TextEncoder().encode(JSON.stringify(value));
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { kind: 'object', value, bytes },
  };
}

function text(body: string): ApiResponse {
  const bytes = new TextEncoder().encode(body);
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: { kind: 'bytes', bytes },
  };
}
