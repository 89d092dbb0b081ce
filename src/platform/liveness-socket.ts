/**
 * How a process of a data directory shows that it lives, and whether it is ready: whoever connects to its Unix socket is
 * told one word. Nothing but an event loop that turns can answer.
 *
 * Not over the process' HTTPS port: a handshake every two seconds costs both sides more than all else they do when idle,
 * and the keeper would load TLS for that alone. The directory is its owner's only, and so is the socket.
 */
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';

export type Liveness = 'starting' | 'ready';

export interface LivenessSocket {
  /** From now on the answer is `ready`; before it is `starting`. */
  becomeReady(): void;
  close(): void;
}

/** The kernel's limit for a socket's path, with its end mark. */
const PATH_BYTES_MAX = 108;

/** Answers on `directory/name` until closed. Takes the place of a socket that a killed process left. */
export function openLivenessSocket(directory: string, name: string): Promise<LivenessSocket> {
  let liveness: Liveness = 'starting';
  rmSync(join(directory, name), { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => {}); // the asker has gone; it will ask again
    socket.end(liveness);
  });
  const place = reach(directory, name);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.path, () => {
      resolve({
        becomeReady() {
          liveness = 'ready';
        },
        close() {
          server.close(() => place.release());
        },
      });
    });
  });
}

/** Resolves with what the process says. Rejects when nobody answers, or with `signal.reason`. */
export function askLiveness(directory: string, name: string, signal: AbortSignal): Promise<Liveness> {
  const place = reach(directory, name);
  const { promise, resolve, reject } = Promise.withResolvers<Liveness>();
  const socket = createConnection({ path: place.path });
  const giveUp = () => socket.destroy(signal.reason as Error);
  let answer = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', reject);
  socket.on('close', () => {
    signal.removeEventListener('abort', giveUp);
    place.release();
    if (answer === 'starting' || answer === 'ready') resolve(answer);
    else reject(new Error(`${join(directory, name)} answers ${JSON.stringify(answer)}`));
  });
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  return promise;
}

/** A path to the socket that is short enough for the kernel, valid until released. */
function reach(directory: string, name: string): { path: string; release(): void } {
  const path = join(directory, name);
  if (Buffer.byteLength(path) < PATH_BYTES_MAX) return { path, release() {} };
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/${name}`, release: () => closeSync(fd) };
}
