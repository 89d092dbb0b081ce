/** Connections into a Pod, for port-forward. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { type ByteStream, RuntimeError } from '../runtime.ts';

export interface DialTarget {
  host: string;
  port: number;
  /** The Pod's network namespace, and the tool that enters it. */
  netns?: { path: string; nsenter: string };
}

/** Runs inside the Pod's network: connects to the loopback address, says so with one byte, then carries bytes. */
const RELAY = `
const socket = require('net').connect({ host: '127.0.0.1', port: +process.argv[1], allowHalfOpen: true });
socket.on('error', () => process.exit(1));
socket.on('connect', () => { process.stdout.write('+'); process.stdin.pipe(socket); socket.pipe(process.stdout); });
`;

/**
 * Connects to the Pod's address; a program that listens on the Pod's loopback address alone is reached from inside.
 *
 * @throws RuntimeError `Unavailable` when nothing listens
 */
export async function dialPod(target: DialTarget, signal: AbortSignal): Promise<ByteStream> {
  const socket = connect({ host: target.host, port: target.port, allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    if (target.netns !== undefined) return relayed(target, target.netns, signal);
    throw new RuntimeError('Unavailable', (error as Error).message, { cause: error });
  }
  return toByteStream(socket, socket, () => socket.destroy());
}

async function relayed(
  { port }: DialTarget,
  { path, nsenter }: NonNullable<DialTarget['netns']>,
  signal: AbortSignal,
): Promise<ByteStream> {
  const relay = spawn(nsenter, [`--net=${path}`, '--', process.execPath, '-e', RELAY, `${port}`], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
  });
  relay.stdin.on('error', () => {});
  const ended = once(relay, 'exit', { signal }).then(() => false);
  const isConnected = await Promise.race([
    once(relay.stdout, 'readable', { signal }).then(() => true),
    ended,
  ]);
  if (!isConnected || relay.stdout.read(1) === null) {
    relay.kill();
    throw new RuntimeError('Unavailable', `connect ECONNREFUSED 127.0.0.1:${port}`);
  }
  ended.catch(() => {});
  return toByteStream(relay.stdout, relay.stdin, () => relay.kill());
}

function toByteStream(readable: Readable, writable: Writable, destroy: () => void): ByteStream {
  return {
    readable,
    write: (chunk) =>
      new Promise((resolve, reject) => {
        writable.write(chunk, (error) => (error == null ? resolve() : reject(error)));
      }),
    end: () => writable.end(),
    destroy,
  };
}
