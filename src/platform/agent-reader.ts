/** Reads from nodes' agents for the API server: short answers of JSON, over the way that streams take, too. */
import type { ApiRequest, Peer, TunnelTarget } from '../api/message.ts';
import type { AgentReader } from '../apiserver/usage/agent-reader.ts';
import { StatusError } from '../base/status-error.ts';
import type { Tunnel } from './tunnel.ts';

/** Of 5,000 containers some 2 MB. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

export function newAgentReader(tunnel: Pick<Tunnel, 'forward'>): AgentReader {
  return {
    async readJson(agent, path, signal) {
      const target: TunnelTarget = { ...agent, path, query: '' };
      const { status, body } = await tunnel.forward(target, newGet(path), signal);
      if (body.kind !== 'stream') throw unusable(agent, `status ${status} without a body`);
      const text = await readText(body.chunks, agent);
      if (status !== 200) throw unusable(agent, `status ${status}`);
      return parse(text, agent);
    },
  };
}

function newGet(path: string): ApiRequest {
  const peer: Peer = { kind: 'internal', user: { username: 'kube-apiserver', groups: [] } };
  return { method: 'GET', path, query: new URLSearchParams(), headers: {}, body: { kind: 'none' }, peer };
}

async function readText(
  chunks: AsyncIterable<Uint8Array>,
  agent: Pick<TunnelTarget, 'description'>,
): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw unusable(agent, 'it is too long');
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

function parse(text: string, agent: Pick<TunnelTarget, 'description'>): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(agent, 'it is no JSON', cause);
  }
}

function unusable(
  { description }: Pick<TunnelTarget, 'description'>,
  why: string,
  cause?: unknown,
): StatusError {
  return new StatusError('ServiceUnavailable', `the answer of ${description} cannot be used: ${why}`, {
    cause,
  });
}
