/** One HTTP/2 connection to a server, on which requests, answers and watches are exactly what a test says, as JSON or protobuf. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { decodeProtobuf } from '../../src/api/protobuf/decode.ts';
import { encodeProtobuf } from '../../src/api/protobuf/encode.ts';
import { ProtobufReader } from '../../src/api/protobuf/reader.ts';
import type { ServerProcess } from '../tools/server-process.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const JSON_TYPE = 'application/json';
const WATCH_DEADLINE_MS = 20_000;

export interface ApiObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name?: string;
    uid?: string;
    resourceVersion?: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
    [field: string]: unknown;
  };
  items?: ApiObject[];
  [field: string]: unknown;
}

interface ApiAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  object: ApiObject;
}

interface ObjectEvent {
  type: string;
  object: ApiObject;
}

export interface ObjectWatch {
  /** The next event that `matches`; those before it are gone. */
  until(matches: (event: ObjectEvent) => boolean): Promise<ObjectEvent>;
  close(): void;
}

/** Of the answer and of the body; JSON unless said. */
interface MediaTypes {
  accept?: string;
  type?: string;
}

export interface ApiSession {
  ask(method: string, path: string, body?: unknown, types?: MediaTypes): Promise<ApiAnswer>;
  /** What is answered to a request that must succeed. */
  ok(method: string, path: string, body?: unknown, types?: MediaTypes): Promise<ApiObject>;
  watch(path: string, accept?: string): ObjectWatch;
  close(): void;
}

export function openApiSession({ url, tls }: Pick<ServerProcess, 'url' | 'tls'>): ApiSession {
  const session = connect(url, { ca: tls.serverCa, cert: tls.cert, key: tls.key });
  session.on('error', () => {});
  const ask: ApiSession['ask'] = async (method, path, body, types = {}) => {
    const { accept = JSON_TYPE, type = JSON_TYPE } = types;
    const headers = {
      ':method': method,
      ':path': path,
      accept: accept === PROTOBUF ? `${PROTOBUF},${JSON_TYPE}` : accept,
    };
    const stream = session.request(body === undefined ? headers : { ...headers, 'content-type': type }, {
      endStream: body === undefined,
    });
    if (body !== undefined)
      stream.end(type === PROTOBUF ? encodeProtobuf(body as never) : JSON.stringify(body));
    const [answered] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
    const bytes = Buffer.concat(await stream.toArray());
    return {
      status: answered[':status'],
      headers: answered,
      object: decoded(answered['content-type'], bytes),
    };
  };
  return {
    ask,
    async ok(...request) {
      const { status, object } = await ask(...request);
      assert.ok(status < 300, `${request[0]} ${request[1]}: ${status}: ${JSON.stringify(object)}`);
      return object;
    },
    watch: (path, accept = JSON_TYPE) =>
      new OpenWatch(
        session.request({ ':path': path, accept: accept === PROTOBUF ? `${PROTOBUF};stream=watch` : accept }),
      ),
    close: () => session.destroy(),
  };
}

function decoded(type: string | undefined, bytes: Uint8Array): ApiObject {
  return (type === PROTOBUF ? decodeProtobuf(bytes) : JSON.parse(Buffer.from(bytes).toString())) as ApiObject;
}

class OpenWatch implements ObjectWatch {
  readonly #stream: ClientHttp2Stream;
  readonly #events: AsyncIterator<ObjectEvent>;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on('error', () => {});
    // At once: who asks later would miss the response.
    this.#events = events(stream, once(stream, 'response'));
  }

  async until(matches: (event: ObjectEvent) => boolean): Promise<ObjectEvent> {
    const timer = setTimeout(() => this.#stream.destroy(), WATCH_DEADLINE_MS);
    try {
      for (;;) {
        const { done, value } = await this.#events.next();
        assert.ok(!done, 'the watch ended, or no such event came in time');
        if (matches(value)) return value;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#stream.destroy();
  }
}

async function* events(stream: ClientHttp2Stream, response: Promise<unknown[]>): AsyncGenerator<ObjectEvent> {
  const [headers] = (await response) as [IncomingHttpHeaders];
  const isBinary = headers['content-type']?.startsWith(PROTOBUF) ?? false;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const frame = isBinary ? binaryFrame(rest) : textFrame(rest);
      if (!frame) break;
      rest = rest.subarray(frame.size);
      yield frame.event;
    }
  }
}

function textFrame(bytes: Buffer) {
  const end = bytes.indexOf(10);
  return end < 0
    ? undefined
    : { size: end + 1, event: JSON.parse(bytes.subarray(0, end).toString()) as ObjectEvent };
}

const LENGTH_BYTES = 4;
function binaryFrame(bytes: Buffer) {
  const length = bytes.length < LENGTH_BYTES ? Infinity : bytes.readUInt32BE();
  if (bytes.length < LENGTH_BYTES + length) return undefined;
  return {
    size: LENGTH_BYTES + length,
    event: decodeWatchEvent(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length)),
  };
}

/** `{1: type, 2: {1: object in its envelope}}` */
function decodeWatchEvent(message: Uint8Array): ObjectEvent {
  const reader = new ProtobufReader(message);
  reader.tag();
  const type = reader.text();
  reader.tag();
  reader.enter();
  reader.tag();
  return { type, object: decodeProtobuf(reader.bytes()) as never };
}
