/**
 * Probes over the network: httpGet, tcpSocket and grpc, with upstream's words for what went wrong.
 *
 * Every probe uses a connection of its own, closed afterwards: a probe must see what a new client would see.
 *
 * @see k8s.io/kubernetes/pkg/probe
 */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { HttpProbeRequest, ProbeOutcome, Prober, SocketTarget } from '../kubelet/probes/prober.ts';
import { bracketed, dialError, hostPort } from './dial-error.ts';
import { checkGrpcHealth } from './kubelet-grpc-health.ts';

const USER_AGENT = 'kube-probe/1.36';
const BODY_MAX_BYTES = 10 * 1024;
const REDIRECTS_MAX = 10;

export function newProber(): Prober {
  return { httpGet, tcpSocket, grpc: checkGrpcHealth };
}

async function httpGet(
  request: HttpProbeRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const url = new URL(`${request.scheme}://${bracketed(request.host)}:${request.port}${request.path}`);
  const timeout = AbortSignal.timeout(timeoutMs);
  const scope = AbortSignal.any([signal, timeout]);
  let stage: Stage = { at: 'headers' };
  try {
    return await getFollowing(url, request, scope, (next) => {
      stage = next;
    });
  } catch (error) {
    signal.throwIfAborted();
    const reason = timeout.aborted ? TIMEOUT_TEXT[stage.at] : dialError(error, hostPort(request));
    return { result: 'failure', output: `Get "${displayUrl(url)}": ${reason}` };
  }
}

interface Stage {
  at: 'headers' | 'body';
}

const TIMEOUT_TEXT: Record<Stage['at'], string> = {
  headers: 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  body: 'context deadline exceeded (Client.Timeout or context cancellation while reading body)',
};

async function getFollowing(
  first: URL,
  request: HttpProbeRequest,
  signal: AbortSignal,
  onStage: (stage: Stage) => void,
): Promise<ProbeOutcome> {
  let url = first;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    onStage({ at: 'headers' });
    const response = await getOnce(url, request, signal);
    const statusCode = response.statusCode ?? 0;
    onStage({ at: 'body' });
    const body = await readBody(response);
    const { location } = response.headers;
    const isRedirect = statusCode >= 300 && statusCode < 400 && location !== undefined;
    if (!isRedirect) return judge(statusCode, body);
    const next = new URL(location, url);
    if (next.hostname !== first.hostname) {
      return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}`, statusCode };
    }
    url = next;
  }
  return { result: 'failure', output: `Get "${displayUrl(url)}": stopped after ${REDIRECTS_MAX} redirects` };
}

function judge(statusCode: number, body: string): ProbeOutcome {
  if (statusCode >= 200 && statusCode < 400) return { result: 'success', output: body, statusCode };
  return { result: 'failure', output: `HTTP probe failed with statuscode: ${statusCode}`, statusCode };
}

async function getOnce(
  url: URL,
  { headers }: HttpProbeRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // A probe's target proves nothing about itself: its certificate is not checked, as upstream's is not.
  const outgoing = send(url, {
    agent: false,
    signal,
    headers: probeHeaders(headers),
    rejectUnauthorized: false,
  });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

function probeHeaders(given: HttpProbeRequest['headers']): Record<string, string | string[]> {
  const headers = new Map<string, string[]>([
    ['user-agent', [USER_AGENT]],
    ['accept', ['*/*']],
    ['connection', ['close']],
  ]);
  const own = new Set<string>();
  for (const { name, value } of given) {
    const key = name.toLowerCase();
    headers.set(key, own.has(key) ? [...(headers.get(key) ?? []), value] : [value]);
    own.add(key);
  }
  for (const key of ['user-agent', 'accept']) if (headers.get(key)?.[0] === '') headers.delete(key);
  return Object.fromEntries(
    [...headers].map(([key, values]) => [key, values.length === 1 ? values[0]! : values]),
  );
}

/** The first 10 KB; the rest is not waited for. */
async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= BODY_MAX_BYTES) break;
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, BODY_MAX_BYTES).toString('utf8');
}

async function tcpSocket(
  target: SocketTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const socket = connect({ host: target.host, port: target.port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, timeout]) });
    return { result: 'success', output: '' };
  } catch (error) {
    signal.throwIfAborted();
    const text = timeout.aborted
      ? `dial tcp ${hostPort(target)}: i/o timeout`
      : dialError(error, hostPort(target));
    return { result: 'failure', output: text };
  } finally {
    socket.destroy();
  }
}

/** With the port always, as the probe was written; the `URL` class drops a default one. */
function displayUrl(url: URL): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return `${url.protocol}//${url.hostname}:${port}${url.pathname}${url.search}`;
}
