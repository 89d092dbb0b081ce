import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterEach, test } from 'node:test';
import { systemClock } from '../../platform/system-clock.ts';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { dataplaneContract, freePort, whoAnswers } from '../dataplane.contract.ts';
import type { RouteEndpoint, ServicePortRoute } from '../dataplane.ts';
import { USERSPACE_DEFAULTS, type UserspaceOptions } from './defaults.ts';
import { UserspaceDataplane } from './userspace-dataplane.ts';

const SERVICE_IP = '127.196.77.1';
const ENDPOINT_IPS = ['127.64.77.1', '127.64.77.2', '127.64.77.3', '127.64.77.4', '127.64.77.5'];
const SIGNAL = new AbortController().signal;

dataplaneContract('userspace', {
  newDataplane: () => newDataplane(),
  serviceIp: SERVICE_IP,
  endpointIps: ENDPOINT_IPS,
  nodeIp: '127.0.0.1',
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function newDataplane(options: Partial<UserspaceOptions> = {}): UserspaceDataplane {
  const dataplane = new UserspaceDataplane({
    clock: systemClock,
    random: newSeededRandom('userspace'),
    options: { ...USERSPACE_DEFAULTS, cluster: 'test', nodePortAddresses: ['127.0.0.1'], ...options },
  });
  cleanups.push(() => dataplane.close());
  return dataplane;
}

function route(
  endpoints: RouteEndpoint[],
  port: number,
  changes: Partial<ServicePortRoute> = {},
): ServicePortRoute {
  return {
    id: `default/web:${port}`,
    protocol: 'TCP',
    virtualAddresses: [{ ip: SERVICE_IP, port }],
    nodePort: 0,
    affinityMs: 0,
    endpoints,
    externalEndpoints: endpoints,
    ...changes,
  };
}

function endpointAt(ip: string, port: number): RouteEndpoint {
  return { ip, port, pod: '', terminating: false };
}

async function startNamedServer(ip: string, name: string): Promise<RouteEndpoint> {
  const server = net.createServer((socket) => socket.on('error', () => {}).end(`${name}\n`)).listen(0, ip);
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return endpointAt(ip, (server.address() as net.AddressInfo).port);
}

test('UserspaceDataplane retries a refused connection on another endpoint', async () => {
  const dataplane = newDataplane({ demotionMs: 0 });
  const alive = await startNamedServer('127.64.77.1', 'alive');
  const dead = [2, 3].map((n) => endpointAt(`127.64.77.${n}`, 1));
  await dataplane.apply({ ports: [route([...dead, alive], 9001)] }, SIGNAL);
  for (let i = 0; i < 9; i++) assert.equal(await whoAnswers(SERVICE_IP, 9001), 'alive');
  assert.ok(dataplane.counters.retries > 0);
});

test('UserspaceDataplane retries on another endpoint when one does not answer in time', async () => {
  const dataplane = newDataplane({ connectTimeoutMs: 100 });
  const alive = await startNamedServer('127.64.77.1', 'alive');
  const silent = await startFullServer('127.64.77.2');
  await dataplane.apply({ ports: [route([silent, alive], 9002)] }, SIGNAL);
  for (let i = 0; i < 4; i++) assert.equal(await whoAnswers(SERVICE_IP, 9002), 'alive');
});

test('UserspaceDataplane resets a connection that no endpoint takes', async () => {
  const dataplane = newDataplane();
  await dataplane.apply({ ports: [route([endpointAt('127.64.77.2', 1)], 9003)] }, SIGNAL);
  await assert.rejects(whoAnswers(SERVICE_IP, 9003));
  assert.equal(dataplane.counters.unserved, 1);
});

test('UserspaceDataplane tells of a taken port and serves it once it is free', async () => {
  const dataplane = newDataplane();
  const endpoint = await startNamedServer('127.64.77.1', 'web');
  const holder = net.createServer().listen(9004, SERVICE_IP);
  await once(holder, 'listening');
  const table = { ports: [route([endpoint], 9004)] };
  assert.deepEqual(await dataplane.apply(table, SIGNAL), [
    {
      routeId: 'default/web:9004',
      reason: 'PortUnavailable',
      message: `TCP ${SERVICE_IP}:9004 is in use by another process`,
    },
  ]);
  holder.close();
  await once(holder, 'close');
  assert.deepEqual(await dataplane.apply(table, SIGNAL), []);
  assert.equal(await whoAnswers(SERVICE_IP, 9004), 'web');
});

test('UserspaceDataplane tells of an address that two Service ports claim, and of one that is not local', async () => {
  const dataplane = newDataplane();
  const endpoint = await startNamedServer('127.64.77.1', 'web');
  const first = route([endpoint], 9005);
  const second = { ...first, id: 'default/zweb:9005' };
  const foreign = route([endpoint], 9006, { virtualAddresses: [{ ip: '198.51.100.7', port: 9006 }] });
  const problems = await dataplane.apply({ ports: [first, second, foreign] }, SIGNAL);
  assert.deepEqual(
    problems.map(({ routeId, reason }) => ({ routeId, reason })),
    [
      { routeId: 'default/zweb:9005', reason: 'PortUnavailable' },
      { routeId: 'default/web:9006', reason: 'Unsupported' },
    ],
  );
});

test('UserspaceDataplane lets two agents of one machine serve the same address', async () => {
  const [one, two] = [newDataplane(), newDataplane()];
  const endpoint = await startNamedServer('127.64.77.1', 'web');
  const nodePort = await freePort('127.0.0.1');
  const table = { ports: [route([endpoint], 9007, { nodePort })] };
  assert.deepEqual(await one.apply(table, SIGNAL), []);
  assert.deepEqual(await two.apply(table, SIGNAL), []);
  await one.close();
  for (let i = 0; i < 10; i++) assert.equal(await whoAnswers(SERVICE_IP, 9007), 'web');
  assert.equal(await whoAnswers('127.0.0.1', nodePort), 'web');
});

test('UserspaceDataplane bounds the connections it carries', async () => {
  const dataplane = newDataplane({ connectionsMax: 1 });
  const holding = net.createServer((socket) => socket.on('error', () => {}).write('held\n'));
  holding.listen(0, '127.64.77.1');
  await once(holding, 'listening');
  cleanups.push(() => holding.close());
  const { port } = holding.address() as net.AddressInfo;
  await dataplane.apply({ ports: [route([endpointAt('127.64.77.1', port)], 9008)] }, SIGNAL);
  const first = net.connect(9008, SERVICE_IP);
  await once(first, 'data');
  await assert.rejects(whoAnswers(SERVICE_IP, 9008));
  assert.equal(dataplane.counters.rejected, 1);
  first.destroy();
});

test('UserspaceDataplane passes megabytes under back-pressure unchanged', async () => {
  const dataplane = newDataplane();
  const body = Buffer.alloc(8 * 1024 * 1024, 'kintsugi');
  const server = http.createServer((_, response) => response.end(body)).listen(0, '127.64.77.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  await dataplane.apply({ ports: [route([endpointAt('127.64.77.1', port)], 9009)] }, SIGNAL);
  const response = await fetch(`http://${SERVICE_IP}:9009/`, { headers: { connection: 'close' } });
  assert.ok(Buffer.from(await response.arrayBuffer()).equals(body));
});

test('UserspaceDataplane fails no request while endpoints come and go under load', async () => {
  const dataplane = newDataplane({ demotionMs: 5 });
  const churn = new Churn(dataplane);
  await churn.start();
  let failed = 0;
  let done = 0;
  const worker = async () => {
    while (done < 1_500) {
      done++;
      const response = await request(SERVICE_IP, 9010).catch((error: unknown) => error);
      if (response !== 'ok') failed++;
    }
  };
  const load = Promise.all(Array.from({ length: 8 }, worker));
  let loaded = false;
  void load.then(() => {
    loaded = true;
  });
  for (let i = 0; !loaded; i++) await churn.replaceOne(i);
  await load;
  assert.equal(failed, 0);
  assert.ok(churn.replaced > 3, `only ${churn.replaced} endpoints were replaced`);
  assert.ok(dataplane.counters.retries > 0, 'no connection was refused: the test proves nothing');
});

/**
 * Five HTTP servers. Each in turn leaves the table and stops; then a late table names it again, as a proxy that lags
 * behind sees it, and its connections are refused; then it is back on another port.
 */
class Churn {
  replaced = 0;
  readonly #dataplane: UserspaceDataplane;
  readonly #servers: { server: http.Server; endpoint: RouteEndpoint }[] = [];

  constructor(dataplane: UserspaceDataplane) {
    this.#dataplane = dataplane;
  }

  async start(): Promise<void> {
    for (const ip of ENDPOINT_IPS) this.#servers.push(await this.#serve(ip));
    await this.#apply();
  }

  async replaceOne(i: number): Promise<void> {
    const index = i % this.#servers.length;
    const old = this.#servers[index]!;
    await this.#apply(old.endpoint);
    // What a program's preStop hook is for: connections on their way to it arrive before it stops listening.
    await systemClock.sleep(20, SIGNAL);
    old.server.close();
    await once(old.server, 'close');
    await this.#apply();
    await systemClock.sleep(20, SIGNAL);
    this.#servers[index] = await this.#serve(old.endpoint.ip);
    this.replaced++;
    await this.#apply();
  }

  async #serve(ip: string): Promise<{ server: http.Server; endpoint: RouteEndpoint }> {
    const server = http.createServer((_, response) => {
      systemClock.setTimer(2, () => response.end('ok'));
    });
    server.listen(0, ip);
    await once(server, 'listening');
    cleanups.push(() => server.close());
    return { server, endpoint: endpointAt(ip, (server.address() as net.AddressInfo).port) };
  }

  async #apply(except?: RouteEndpoint): Promise<void> {
    const endpoints = this.#servers.map((s) => s.endpoint).filter((endpoint) => endpoint !== except);
    await this.#dataplane.apply({ ports: [route(endpoints, 9010)] }, SIGNAL);
  }
}

/** One request on a connection of its own. */
function request(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = http.get({ host, port, agent: false, headers: { connection: 'close' } }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    sent.on('error', reject);
  });
}

/** A server whose accept queue is full: a further connection is neither taken nor refused. */
async function startFullServer(ip: string): Promise<RouteEndpoint> {
  const { spawn } = await import('node:child_process');
  const script = `
    const server = require('node:net').createServer().listen({ host: '${ip}', port: 0, backlog: 1 }, () => {
      process.stdout.write(String(server.address().port) + '\\n');
      process.kill(process.pid, 'SIGSTOP');
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const endpoint = endpointAt(ip, Number(line.toString()));
  // The kernel's exact limit varies: fill until one stays without an answer.
  for (;;) {
    const filler = net.connect(endpoint.port, ip).on('error', () => {});
    cleanups.push(() => filler.destroy());
    const connected = once(filler, 'connect').then(() => true);
    if (!(await Promise.race([connected, systemClock.sleep(200, SIGNAL).then(() => false)]))) return endpoint;
  }
}
