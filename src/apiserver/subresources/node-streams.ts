/**
 * log, exec, attach, port-forward: the server decides which container on which node is meant and hands the connection to
 * that node's agent, under the paths of a kubelet.
 *
 * @see kubernetes/kubernetes pkg/registry/core/pod/rest/{log,subresources}.go, pkg/kubelet/server/server.go
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { ApiResponse } from '../../api/message.ts';
import { StatusError } from '../../base/status-error.ts';
import type { Store } from '../../store/store.ts';
import { newBadRequest, newNotFound } from '../errors.ts';
import { readObject, type Target } from '../registry/registry.ts';
import { isTrue } from '../route.ts';
import { type ResourceCall, type ServerContext, targetOf } from '../server-context.ts';
import { admitConnection } from './ask-webhooks.ts';
import { checkMayCreate, nodeTarget } from './connection.ts';
import { checkHasLog, chooseContainer } from './pod-container.ts';

const LOG_OPTIONS = [
  'follow',
  'previous',
  'timestamps',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'stream',
];
/** The kubelet's names of upstream's options. */
const STREAM_FLAGS: Readonly<Record<string, string>> = {
  stdin: 'input',
  stdout: 'output',
  stderr: 'error',
  tty: 'tty',
};

export function readLog(server: ServerContext, call: ResourceCall): ApiResponse {
  const { query } = call.request;
  const pod = readPod(server.registry.store, targetOf(call));
  checkLogOptions(query, pod);
  const container = chooseContainer(pod, query.get('container') ?? '');
  if (!pod.spec.nodeName) return text('');
  checkHasLog(pod, container, isTrue(query.get('previous')));
  const passed = new URLSearchParams();
  for (const option of LOG_OPTIONS) {
    const value = query.get(option);
    if (value !== null && value !== '') passed.set(option, value);
  }
  const { namespace, name } = pod.metadata;
  return tunnel(server.registry.store, pod, `/containerLogs/${namespace}/${name}/${container}`, passed);
}

/** Serves exec and attach, whose options differ by the command only. */
export async function openContainerStream(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  await checkMayCreate(server, call);
  const { query } = call.request;
  const { subresource } = call.info;
  const pod = await connect(server, call);
  const container = chooseContainer(pod, query.get('container') ?? '');
  const passed = new URLSearchParams();
  for (const [option, flag] of Object.entries(STREAM_FLAGS))
    if (isTrue(query.get(option))) passed.set(flag, '1');
  const commands = query.getAll('command');
  if (subresource === 'exec' && commands.length === 0)
    throw newBadRequest('you must specify at least 1 command for the container');
  if (![...passed].some(([flag]) => flag !== 'tty')) {
    throw newBadRequest('you must specify at least one of stdin, stdout, stderr');
  }
  for (const command of commands) passed.append('command', command);
  const { namespace, name } = pod.metadata;
  return tunnel(server.registry.store, pod, `/${subresource}/${namespace}/${name}/${container}`, passed);
}

export async function openPortForward(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  await checkMayCreate(server, call);
  const pod = await connect(server, call);
  const passed = new URLSearchParams();
  for (const port of call.request.query.getAll('ports')) passed.append('port', port);
  const { namespace, name } = pod.metadata;
  return tunnel(server.registry.store, pod, `/portForward/${namespace}/${name}`, passed);
}

async function connect(server: ServerContext, call: ResourceCall): Promise<Pod> {
  const target = targetOf(call);
  const pod = readPod(server.registry.store, target);
  await admitConnection(server, call);
  if (!pod.spec.nodeName) throw newBadRequest(`pod ${target.name} does not have a host assigned`);
  return pod;
}

function readPod(store: Store, target: Target): Pod {
  const stored = readObject(store, target);
  if (stored === undefined) throw newNotFound(target.row, target.name);
  return stored.value as unknown as Pod;
}

function checkLogOptions(query: URLSearchParams, { metadata }: Pod): void {
  for (const option of ['sinceSeconds', 'tailLines', 'limitBytes']) {
    const value = query.get(option);
    const least = option === 'tailLines' ? 0 : 1;
    if (value === null || value === '' || (/^[0-9]+$/.test(value) && Number(value) >= least)) continue;
    const bound = least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0';
    const message = `PodLogOptions ${JSON.stringify(metadata.name)} is invalid: ${option}: Invalid value: ${value}: ${bound}`;
    throw new StatusError('Invalid', message);
  }
  if (query.get('sinceSeconds') && query.get('sinceTime')) {
    throw newBadRequest('at most one of sinceTime or sinceSeconds may be specified');
  }
}

function tunnel(store: Store, pod: Pod, path: string, query: URLSearchParams): ApiResponse {
  const target = nodeTarget(store, pod.spec.nodeName!);
  const body = { kind: 'tunnel', target: { ...target, path, query: query.toString() } } as const;
  return { status: 200, headers: {}, body };
}

function text(content: string): ApiResponse {
  const bytes = new TextEncoder().encode(content);
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: { kind: 'bytes', bytes } };
}
