/** The load generator's process: takes one task over the IPC channel, answers with its result, and ends. */
import { newRuledObject, RULED_PATH } from './api-custom.ts';
import { newApiPod } from './api-pod.ts';
import { askMany, type LoadRequest, openSessions } from './http2-client.ts';
import type { LoadResult, LoadTask } from './task.ts';
import { loadWatch } from './watch-load.ts';

process.once('message', (task: LoadTask) => {
  void run(task).then((result) => process.send!(result, () => process.exit(0)));
});

async function run(task: LoadTask): Promise<LoadResult> {
  const sessions = await openSessions(task.target, task.sessions);
  if (task.kind === 'watch') return loadWatch(task, sessions, await openSessions(task.target, 4));
  const load = task.kind === 'list' ? { clients: 1, count: task.times } : task;
  const toRequest = requestsOf(task);
  const began = performance.now();
  const latenciesMs = await askMany(sessions, load, toRequest);
  return { elapsedMs: performance.now() - began, requests: latenciesMs.length, latenciesMs };
}

function requestsOf(task: Exclude<LoadTask, { kind: 'watch' }>): (index: number) => LoadRequest {
  const path = `/api/v1/namespaces/${task.namespace}/pods`;
  switch (task.kind) {
    case 'list':
      return () => ({ method: 'GET', path, accept: task.accept });
    case 'get':
      return (index) => ({
        method: 'GET',
        path: `${path}/web-${index % task.names}`,
        accept: task.accept,
      });
    case 'create': {
      // Encoded ahead: making the load is not what is measured.
      const bodies = Array.from({ length: task.count }, (_, index) => {
        return newApiPod(`web-${task.from + index}`, task);
      });
      return (index) => ({ method: 'POST', path, body: bodies[index]! });
    }
    case 'apply': {
      const bodies = Array.from({ length: task.count }, (_, index) => {
        const mark = task.from + index;
        return newApiPod(`web-${mark % task.names}`, { ...task, mark, hasStatus: false });
      });
      return (index) => ({
        method: 'PATCH',
        path: `${path}/web-${(task.from + index) % task.names}?fieldManager=bench`,
        contentType: 'application/apply-patch+yaml',
        body: bodies[index]!,
      });
    }
    case 'create-ruled': {
      const collection = `/${RULED_PATH}/namespaces/${task.namespace}/ruleds`;
      const bodies = Array.from({ length: task.count }, (_, index) =>
        newRuledObject(`ruled-${task.from + index}`),
      );
      return (index) => ({ method: 'POST', path: collection, body: bodies[index]! });
    }
  }
}
