/**
 * Port-forward over SPDY: for each connection the client opens an error stream and a data stream with the same request id;
 * the data stream is joined with a connection into the Pod, what goes wrong is written to the error stream.
 *
 * @see k8s.io/kubernetes/pkg/kubelet cri/streaming/portforward/httpstream.go
 */
import type { Logger } from '../base/logger.ts';
import type { ByteStream } from '../container-runtime/runtime.ts';
import type { AgentStream } from '../kubelet/server/agent-api.ts';
import type { SpdyStream } from './spdy/connection.ts';

type PortForward = Extract<AgentStream, { kind: 'portForward' }>;

interface StreamPair {
  data?: SpdyStream;
  error?: SpdyStream;
}

/** Pairs that wait for their second stream. */
const PAIRS_MAX = 1_000;

/** Joins streams as they come; for the `onStream` of a SPDY connection. */
export function newPortForwarder(
  target: PortForward,
  log: Logger,
  signal: AbortSignal,
): (stream: SpdyStream) => void {
  const pairs = new Map<string, StreamPair>();
  return (stream) => {
    const kind = stream.headers.get('streamtype');
    const port = Number(stream.headers.get('port'));
    const isKnown = kind === 'data' || kind === 'error';
    if (!isKnown || !Number.isInteger(port) || port < 1 || port > 65535 || pairs.size > PAIRS_MAX) {
      void stream.reset();
      return;
    }
    const id = stream.headers.get('requestid') ?? String(stream.id);
    const pair: StreamPair = { ...pairs.get(id), [kind]: stream };
    pairs.set(id, pair);
    const { data, error } = pair;
    if (data === undefined || error === undefined) return;
    pairs.delete(id);
    void forward(target, { data, error }, port, signal).catch((problem: unknown) => {
      if (!signal.aborted) log.debug('a forwarded connection broke', { port, error: problem });
    });
  };
}

async function forward(
  target: PortForward,
  { data, error }: Required<StreamPair>,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    const connection = await target.dial(port, signal);
    await join(data, connection);
  } catch (problem) {
    const text = problem instanceof Error ? problem.message : String(problem);
    await error.write(Buffer.from(`error forwarding port ${port} to pod: ${text}`));
  } finally {
    await data.end();
    await error.end();
  }
}

/** Copies both ways until the Pod's side has ended. */
async function join(data: SpdyStream, connection: ByteStream): Promise<void> {
  const up = (async () => {
    for await (const bytes of data) await connection.write(bytes);
    connection.end();
  })();
  up.catch(() => connection.destroy());
  try {
    for await (const bytes of connection.readable) await data.write(bytes);
    await data.end();
  } finally {
    connection.destroy();
  }
}
