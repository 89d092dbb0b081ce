import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { parseYamlDocuments } from '../../src/api/yaml.ts';

const DIRECTORY = import.meta.dirname;
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

interface Application {
  child: ChildProcess;
  exited: Promise<[number | null, string | null]>;
  call(method: string, path: string): Promise<{ status: number; text: string }>;
}

async function startApplication(): Promise<Application> {
  const env = { ...process.env, HOST: '127.0.0.1', PORT: '0', POD_NAME: 'web-1' };
  const child = spawn(process.execPath, [join(DIRECTORY, 'server.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const port = Number(/:(\d+)\n/.exec(line.toString())?.[1]);
  return { child, exited, call: (method, path) => call(port, method, path) };
}

function call(port: number, method: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, agent: false }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('web-app answers its name, its health and its readiness', async () => {
  const app = await startApplication();
  assert.deepEqual(await app.call('GET', '/'), { status: 200, text: 'web-1\n' });
  assert.equal((await app.call('GET', '/health')).status, 200);
  assert.equal((await app.call('GET', '/ready')).status, 200);
  assert.equal((await app.call('GET', '/nothing')).status, 404);
});

test('web-app is not ready between disable and enable, and healthy all the time', async () => {
  const app = await startApplication();
  await app.call('POST', '/ready/disable');
  assert.equal((await app.call('GET', '/ready')).status, 503);
  assert.equal((await app.call('GET', '/health')).status, 200);
  await app.call('POST', '/ready/enable');
  assert.equal((await app.call('GET', '/ready')).status, 200);
});

test('web-app exits with 1 when asked to crash', async () => {
  const app = await startApplication();
  await assert.rejects(app.call('POST', '/crash'));
  assert.deepEqual(await app.exited, [1, null]);
});

test('web-app answers nothing and ignores SIGTERM once it hangs', async () => {
  const app = await startApplication();
  await app.call('POST', '/hang');
  app.child.kill('SIGTERM');
  const silence = AbortSignal.timeout(300);
  const answered = await Promise.race([
    app.call('GET', '/health').then(() => true),
    once(silence, 'abort').then(() => false),
  ]);
  assert.equal(answered, false);
  assert.equal(app.child.exitCode, null);
});

test('web-app finishes a slow request after SIGTERM, refuses new ones, then exits with 0', async () => {
  const app = await startApplication();
  const slow = app.call('GET', '/slow?ms=400');
  // Once this second request is answered the first has been read, as both arrive in order of their connections.
  await app.call('GET', '/');
  app.child.kill('SIGTERM');
  await once(app.child.stdout!, 'data');
  await assert.rejects(app.call('GET', '/'), { code: 'ECONNREFUSED' });
  assert.deepEqual(await slow, { status: 200, text: 'web-1 took 400 ms\n' });
  assert.deepEqual(await app.exited, [0, null]);
});

test('web-app grows when asked to leak', async () => {
  const app = await startApplication();
  const residentKb = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${app.child.pid}/status`, 'utf8'))?.[1]);
  const before = residentKb();
  await app.call('POST', '/leak');
  const deadline = Date.now() + 10_000;
  while (residentKb() < before + 64 * 1024) {
    assert.ok(Date.now() < deadline, 'no growth within 10 s');
    await app.call('GET', '/health');
  }
});

test('web-app.yaml holds a Deployment of 5, a NodePort Service and a budget of 2', () => {
  const documents = parseYamlDocuments(readFileSync(join(DIRECTORY, 'web-app.yaml'), 'utf8')) as {
    kind: string;
    spec: { replicas?: number; type?: string; minAvailable?: number };
  }[];
  assert.deepEqual(
    documents.map(({ kind, spec }) => [kind, spec.replicas ?? spec.type ?? spec.minAvailable]),
    [
      ['Deployment', 5],
      ['Service', 'NodePort'],
      ['PodDisruptionBudget', 2],
    ],
  );
});
