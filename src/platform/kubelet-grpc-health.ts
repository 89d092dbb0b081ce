/**
 * One call of `grpc.health.v1.Health/Check` over plain HTTP/2: two messages of one field each, so no gRPC library.
 *
 * @see k8s.io/kubernetes/pkg/probe/grpc; grpc/health/v1/health.proto
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { newDeferred } from '../base/deferred.ts';
import { formatGoDuration } from '../base/duration.ts';
import type { ProbeOutcome, SocketTarget } from '../kubelet/probes/prober.ts';

const PATH = '/grpc.health.v1.Health/Check';
const RESPONSE_MAX_BYTES = 64 * 1024;
/** Of HealthCheckResponse.ServingStatus. */
const SERVING = 1;
const STATUS_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** grpc-status codes. */
const UNIMPLEMENTED = 12;
const DEADLINE_EXCEEDED = 4;

/** Head and trailers together. */
type Headers = Record<string, string | string[] | number | undefined>;

export async function checkGrpcHealth(
  target: SocketTarget & { service: string },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const address = `${host}:${target.port}`;
  const timeout = AbortSignal.timeout(timeoutMs);
  const session = connect(`http://${address}`);
  try {
    return await check(session, target.service, AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    const reason = timeout.aborted ? 'context deadline exceeded' : (error as Error).message;
    const waited = formatGoDuration(timeoutMs);
    const output = `timeout: failed to connect service "${address}" within ${waited}: ${reason}`;
    return { result: 'failure', output };
  } finally {
    session.destroy();
  }
}

async function check(
  session: ClientHttp2Session,
  service: string,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const finished = newDeferred<{ body: Buffer; headers: Headers }>();
  session.on('error', (error) => finished.reject(error));
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
  const { body, headers: all } = await finished.promise;
  return judge(body, all);
}

function judge(body: Buffer, headers: Headers): ProbeOutcome {
  const code = Number(headers['grpc-status'] ?? (headers[':status'] === 200 ? 0 : 2));
  const message = String(headers['grpc-message'] ?? `HTTP status ${String(headers[':status'] ?? 'unknown')}`);
  if (code === UNIMPLEMENTED) {
    const text = `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`;
    return { result: 'failure', output: text };
  }
  if (code === DEADLINE_EXCEEDED)
    return { result: 'failure', output: 'timeout: health rpc did not complete' };
  if (code !== 0) return { result: 'failure', output: `error: health rpc probe failed: ${message}` };
  const status = decodeStatus(body);
  if (status === SERVING) return { result: 'success', output: 'service healthy' };
  const name = STATUS_NAMES[status] ?? String(status);
  return { result: 'failure', output: `service unhealthy (responded with "${name}")` };
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
