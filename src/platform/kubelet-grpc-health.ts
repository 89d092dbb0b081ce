/**
 * One call of `grpc.health.v1.Health/Check` over plain HTTP/2: two messages of one field each, so no gRPC library.
 *
 * @see k8s.io/kubernetes/pkg/probe/grpc; grpc/health/v1/health.proto
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { newDeferred } from '../base/deferred.ts';
import { formatGoDuration } from '../base/duration.ts';
import type { ProbeOutcome, SocketTarget } from '../kubelet/probes/prober.ts';
import { dialError, hostPort } from './dial-error.ts';

const PATH = '/grpc.health.v1.Health/Check';
const RESPONSE_MAX_BYTES = 64 * 1024;
/** Of HealthCheckResponse.ServingStatus. */
const SERVING = 1;
const STATUS_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** grpc-status codes. @see google.golang.org/grpc/codes */
const CODE_NAMES =
  'OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated'.split(
    ' ',
  );
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;

/** Head and trailers together. */
type Headers = Record<string, string | string[] | number | undefined>;

export async function checkGrpcHealth(
  target: SocketTarget & { service: string },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const address = hostPort(target);
  const waited = formatGoDuration(timeoutMs);
  const timeout = AbortSignal.timeout(timeoutMs);
  const session = connect(`http://${address}`);
  // What breaks later shows on the stream.
  session.on('error', () => {});
  const scope = AbortSignal.any([signal, timeout]);
  let isConnected = false;
  try {
    await once(session, 'connect', { signal: scope });
    isConnected = true;
    const { body, headers } = await check(session, target.service, scope);
    return judge(body, headers, waited);
  } catch (error) {
    signal.throwIfAborted();
    return { result: 'failure', output: whyUnanswered({ error, address, waited, isConnected, timeout }) };
  } finally {
    session.destroy();
  }
}

interface Unanswered {
  error: unknown;
  address: string;
  waited: string;
  isConnected: boolean;
  timeout: AbortSignal;
}

/** Differs from upstream: what refuses is said at once, where upstream tries until the time is over. */
function whyUnanswered({ address, error, isConnected, timeout, waited }: Unanswered): string {
  if (timeout.aborted) {
    return isConnected
      ? `timeout: health rpc did not complete within ${waited}`
      : `timeout: failed to connect service "${address}" within ${waited}: context deadline exceeded`;
  }
  return isConnected
    ? rpcFailure(UNAVAILABLE, (error as Error).message)
    : `error: failed to connect service at "${address}": ${dialError(error, address)}`;
}

/** As Go prints a gRPC status that is not OK. */
function rpcFailure(code: number, description: string): string {
  return `error: health rpc probe failed: rpc error: code = ${CODE_NAMES[code] ?? `Code(${code})`} desc = ${description}`;
}

async function check(
  session: ClientHttp2Session,
  service: string,
  signal: AbortSignal,
): Promise<{ body: Buffer; headers: Headers }> {
  const finished = newDeferred<{ body: Buffer; headers: Headers }>();
  signal.addEventListener('abort', () => finished.reject(signal.reason), { once: true });
  const stream = session.request({
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'kube-probe/1.36',
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let headers: Headers = {};
  stream.on('response', (head) => {
    headers = { ...headers, ...(head as Headers) };
  });
  stream.on('trailers', (trailers) => {
    headers = { ...headers, ...(trailers as Headers) };
  });
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= RESPONSE_MAX_BYTES) chunks.push(chunk);
    else stream.close();
  });
  stream.on('error', (error) => finished.reject(error));
  stream.on('close', () => finished.resolve({ body: Buffer.concat(chunks), headers }));
  stream.end(encodeRequest(service));
  return finished.promise;
}

function judge(body: Buffer, headers: Headers, waited: string): ProbeOutcome {
  const code = Number(headers['grpc-status'] ?? (headers[':status'] === 200 ? 0 : codeOfSilence(headers)));
  const message = String(headers['grpc-message'] ?? httpProblem(headers));
  if (code === UNIMPLEMENTED) {
    const text = `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`;
    return { result: 'failure', output: text };
  }
  if (code === DEADLINE_EXCEEDED)
    return { result: 'failure', output: `timeout: health rpc did not complete within ${waited}` };
  if (code !== 0) return { result: 'failure', output: rpcFailure(code, message) };
  const status = decodeStatus(body);
  if (status === SERVING) return { result: 'success', output: 'service healthy' };
  const name = STATUS_NAMES[status] ?? String(status);
  return { result: 'failure', output: `service unhealthy (responded with "${name}")` };
}

/** Of an answer without a grpc-status. */
function codeOfSilence(headers: Headers): number {
  return headers[':status'] === undefined ? UNAVAILABLE : UNKNOWN;
}

function httpProblem(headers: Headers): string {
  const status = headers[':status'];
  return status === undefined
    ? 'error reading from server: EOF'
    : `unexpected HTTP status code received from server: ${String(status)}`;
}

/** HealthCheckRequest { string service = 1 } in a gRPC frame. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  const message =
    name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** HealthCheckResponse { ServingStatus status = 1 }: a varint field; absent means UNKNOWN. */
function decodeStatus(body: Buffer): number {
  return body.length >= 7 && body[5] === 0x08 ? body[6]! : 0;
}
