/** Runs a task in a load generator's process: the server's clients must not share its event loop. */
import { fork } from 'node:child_process';
import type { ServerProcess } from '../../test/tools/server-process.ts';
import type { LoadResult, LoadTarget, LoadTask } from './task.ts';

type WithoutTarget<T = LoadTask> = T extends unknown ? Omit<T, 'target'> : never;

export function runLoad(
  server: Pick<ServerProcess, 'url' | 'tls'>,
  task: WithoutTarget,
): Promise<LoadResult> {
  const target: LoadTarget = { url: server.url, ...server.tls };
  const child = fork(new URL('./generator.ts', import.meta.url), { execArgv: [] });
  return new Promise((resolve, reject) => {
    child.once('message', (result) => resolve(result as LoadResult));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the load generator ended with ${code}`)));
    child.send({ ...task, target });
  });
}
