import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { commandAnswer, healthAnswer, httpAnswer, isListening } from './program-answers.ts';

const listened = (run: Parameters<typeof isListening>[0], port: number, times: readonly number[]) =>
  times.map((atMs) => isListening(run, port, atMs));

test('isListening: only listed ports, in their time, once the run is ready', () => {
  deepEqual(listened({}, 80, [0]), [false]);
  deepEqual(listened({ ports: 'any', readyAfterMs: 5 }, 80, [4, 5]), [false, true]);
  const ports = [80, { port: 81, fromMs: 10, untilMs: 20 }, { port: 81, fromMs: 30 }];
  deepEqual(listened({ ports }, 80, [0]), [true]);
  deepEqual(listened({ ports }, 81, [9, 10, 19, 20, 29, 30]), [false, true, true, false, false, true]);
  deepEqual(listened({ ports }, 82, [15]), [false]);
});

test('httpAnswer: the first that applies, by path, port and time; 200 where none does', () => {
  const answers = [
    { path: '/healthz', untilMs: 10, status: 503 },
    { path: '/healthz', fromMs: 20, untilMs: 30, status: 500 },
    { path: '/api/*', port: 81, status: 201 },
    { path: '/api/*', status: 404 },
  ];
  const status = (path: string, atMs: number, port = 80) =>
    httpAnswer({ answers }, { path, port }, atMs).status;
  deepEqual(
    [0, 9, 10, 20, 29, 30].map((atMs) => status('/healthz?full', atMs)),
    [503, 503, 200, 500, 500, 200],
  );
  deepEqual([status('/api/x', 0), status('/api/x', 0, 81), status('/api', 0)], [404, 201, 200]);
  equal(httpAnswer({}, { path: '/', port: 80 }, 0).status, 200);
});

test('healthAnswer: the first that applies, by service, port and time; SERVING where none does', () => {
  const health = [
    { service: 'search', status: 'NOT_SERVING' as const, fromMs: 10 },
    { port: 81, status: 'UNKNOWN' as const },
  ];
  const status = (service: string, atMs: number, port = 80) =>
    healthAnswer({ health }, { service, port }, atMs).status;
  deepEqual(
    [status('search', 9), status('search', 10), status('', 10)],
    ['SERVING', 'NOT_SERVING', 'SERVING'],
  );
  equal(status('', 0, 81), 'UNKNOWN');
});

test('commandAnswer: what is listed, then what every image has, nothing else', () => {
  const commands = [
    { command: 'cat /tmp/ready', untilMs: 10, exitCode: 1, stderr: 'no such file' },
    { command: 'sleep 5', exitCode: 3 },
    { command: 'drain *', takesMs: 50, stdout: 'drained' },
  ];
  const answer = (command: string, atMs = 0) => commandAnswer({ commands }, command.split(' '), atMs);
  const { exitCode, stderr } = answer('cat /tmp/ready') ?? {};
  deepEqual([exitCode, stderr], [1, 'no such file']);
  deepEqual(answer('cat /tmp/ready', 10), { exitCode: 0 });
  equal(answer('sleep 5')?.exitCode, 3);
  equal(answer('drain --now')?.takesMs, 50);
  deepEqual(answer('sleep 0.5'), { exitCode: 0, takesMs: 500 });
  deepEqual(answer('echo a b'), { exitCode: 0, stdout: 'a b\n' });
  deepEqual([answer('true')?.exitCode, answer('false')?.exitCode], [0, 1]);
  equal(answer('sleep long')?.exitCode, 1);
  for (const unknown of ['cat /tmp/other', 'toString', 'sh', '']) equal(answer(unknown), undefined, unknown);
});

test('commandAnswer: a shell runs one of the commands that every image has', () => {
  const shell = (script: string) => commandAnswer({}, ['/bin/sh', '-c', script], 0);
  deepEqual(shell('sleep 10'), { exitCode: 0, takesMs: 10_000 });
  deepEqual(shell('nginx -s quit'), { exitCode: 127, stderr: 'sh: nginx -s quit: not found\n' });
  const commands = [{ command: 'sh -c nginx -s quit', takesMs: 5 }];
  equal(commandAnswer({ commands }, ['sh', '-c', 'nginx -s quit'], 0)?.takesMs, 5);
});
