import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { type ProbedServer, testProber } from '../kubelet/probes/prober.contract.ts';
import { newSimulatedProber } from './sim-prober.ts';
import type { HealthStatus, SimulatedRun } from './sim-program.ts';
import { newScene, settled } from './sim-runtime.fixture.ts';

const never = new AbortController().signal;

const HTTP: SimulatedRun = {
  ports: [80],
  answers: [
    ...[200, 204, 399, 400, 404, 500, 503].map((status) => ({ path: `/${status}`, status, body: 'here' })),
    { path: '/near', status: 302, location: '/204' },
    { path: '/far', status: 302, location: 'http://elsewhere.invalid/', body: 'here' },
    { path: '/round', status: 302, location: '/round' },
    { path: '/hang', status: 'hang' },
    { path: '/reset', status: 'reset' },
  ],
};

function runOf(server: ProbedServer): SimulatedRun {
  if (server === 'http') return HTTP;
  if (server === 'nobody') return {};
  const says = server.replace('health-', '');
  const status = says === 'absent' ? 'UNIMPLEMENTED' : (says as HealthStatus);
  return { ports: [80], health: [{ status }] };
}

testProber('newSimulatedProber', async () => {
  const scene = await newScene({});
  return {
    prober: newSimulatedProber(scene.requesterDeps),
    settled: (promise) => settled(scene.clock, promise),
    async serve(server) {
      scene.programs['app'] = { runs: [runOf(server)] };
      const { ip } = await scene.start();
      return { host: ip, port: 80 };
    },
  };
});

async function newProbed(run: SimulatedRun) {
  const scene = await newScene({ app: { runs: [run] } });
  const container = await scene.start();
  const prober = newSimulatedProber({ ...scene.requesterDeps, nodeIp: scene.runtime.nodeIp });
  const get = (path = '/', timeoutMs = 1000) => {
    const request = { scheme: 'http' as const, host: container.ip, port: 80, path, headers: [] };
    return settled(scene.clock, prober.httpGet(request, timeoutMs, never));
  };
  return { ...scene, ...container, prober, get };
}

test('newSimulatedProber answers from the program as time passes', async () => {
  const { clock, get } = await newProbed({
    readyAfterMs: 2000,
    ports: [80],
    answers: [{ path: '/healthz', fromMs: 5000, untilMs: 8000, status: 503 }],
  });
  const seen: string[] = [];
  for (let second = 0; second < 10; second++) {
    const { output, statusCode } = await get('/healthz');
    seen.push(statusCode === undefined ? output.slice(-'refused'.length) : String(statusCode));
    await clock.advance(1000);
  }
  deepEqual(seen.slice(0, 3), ['refused', 'refused', '200']);
  deepEqual(seen.slice(4), ['200', '503', '503', '503', '200', '200']);
});

test('newSimulatedProber: a hung process accepts connections and answers nothing', async () => {
  const { clock, get, id, ip, prober, runtime } = await newProbed({ ports: [80] });
  runtime.hang(id);
  const beganMs = clock.monotonicMs();
  equal((await get()).output.endsWith('awaiting headers)'), true);
  equal(clock.monotonicMs() - beganMs, 1000);
  const tcp = await prober.tcpSocket({ host: ip, port: 80 }, 1000, never);
  equal(tcp.result, 'success');
  runtime.unhang(id);
  equal((await get()).result, 'success');
});

test('newSimulatedProber: an address that nobody has, or whose machine is off, times out', async () => {
  const { clock, get, ip, prober, runtime } = await newProbed({ ports: 'any' });
  const tcp = (host: string) => settled(clock, prober.tcpSocket({ host, port: 80 }, 1000, never));
  deepEqual(await tcp('10.99.0.1'), { result: 'failure', output: 'dial tcp 10.99.0.1:80: i/o timeout' });
  runtime.powerOff();
  deepEqual(await tcp(ip), { result: 'failure', output: `dial tcp ${ip}:80: i/o timeout` });
  equal((await get()).result, 'failure');
});

test('newSimulatedProber: localhost is the node, another name nobody', async () => {
  const { clock, prober, start } = await newProbed({ ports: [80] });
  const tcp = (host: string) => settled(clock, prober.tcpSocket({ host, port: 80 }, 1000, never));
  equal((await tcp('127.0.0.1')).output, 'dial tcp 127.0.0.1:80: connect: connection refused');
  await start({ hostNetwork: true });
  equal((await tcp('127.0.0.1')).result, 'success');
  equal((await tcp('localhost')).result, 'success');
  equal((await tcp('database.local')).output, 'dial tcp: lookup database.local: no such host');
});

test('newSimulatedProber ends with the container that it asks, and with its caller', async () => {
  const { clock, get, id, ip, prober, runtime } = await newProbed({
    ports: [80],
    answers: [{ takesMs: 500 }],
  });
  clock.setTimer(100, () => runtime.kill(id));
  equal((await get()).output, `Get "http://${ip}:80/": EOF`);
  const scene = await newProbed({ ports: [80], answers: [{ status: 'hang' }] });
  const controller = new AbortController();
  const request = { scheme: 'http' as const, host: scene.ip, port: 80, path: '/', headers: [] };
  const asked = scene.prober.httpGet(request, 60_000, controller.signal);
  controller.abort('enough');
  await rejects(asked, (reason) => reason === 'enough');
  equal(scene.clock.pendingTimers, 0);
  equal((await prober.tcpSocket({ host: ip, port: 80 }, 1000, never)).result, 'failure');
});
