/** One HTTPS request exactly as given, for what no client library would send. */
import { type RequestOptions, request } from 'node:https';

export interface RawRequest {
  url: string;
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Without `cert` and `key` the client is known by its token, or not at all. */
  tls: { serverCa: string; cert?: string; key?: string };
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** A failure as Kubernetes tells it; undefined when the answer is no JSON. */
  json:
    | { kind?: string; reason?: string; message?: string; code?: number; [field: string]: unknown }
    | undefined;
}

const DEADLINE_MS = 30_000;

export function rawRequest({
  url,
  path,
  method = 'GET',
  headers = {},
  body,
  tls,
}: RawRequest): Promise<RawAnswer> {
  const { serverCa, ...client } = tls;
  const { hostname, port } = new URL(url);
  const options: RequestOptions = {
    hostname,
    port,
    // Not as part of a URL, which would resolve its dots.
    path,
    method,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
    ca: serverCa,
    ...client,
    agent: false,
    timeout: DEADLINE_MS,
  };
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode!, headers: response.headers, text, json: parsed(text) });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)));
    asked.on('error', reject);
    asked.end(body);
  });
}

function parsed(text: string): RawAnswer['json'] {
  try {
    return JSON.parse(text) as RawAnswer['json'];
  } catch {
    return undefined; // plain text: a health check
  }
}
