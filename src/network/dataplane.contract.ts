/**
 * What every {@link Dataplane} does, tried with real sockets on this machine: run it with a factory and addresses that
 * the implementation can serve.
 */
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, test } from 'node:test';
import type { Dataplane, RouteEndpoint, ServicePortRoute } from './dataplane.ts';

export interface DataplaneSubject {
  newDataplane(): Dataplane;
  /** An address that Services can have; unused by others on this machine. */
  serviceIp: string;
  /** Addresses for endpoints, at least three. */
  endpointIps: readonly string[];
  /** Where node ports answer. */
  nodeIp: string;
}

const SIGNAL = new AbortController().signal;
const PORT = 8080;

export function dataplaneContract(name: string, subject: DataplaneSubject): void {
  const { serviceIp, endpointIps } = subject;

  describe(`${name} dataplane`, () => {
    const cleanups: (() => unknown)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    function newDataplane(): Dataplane {
      const dataplane = subject.newDataplane();
      cleanups.push(() => dataplane.close());
      return dataplane;
    }

    /** A server that says its name, then echoes. */
    async function startEndpoint(index: number): Promise<RouteEndpoint & { stop(): Promise<void> }> {
      const ip = endpointIps[index] ?? '';
      const sockets = new Set<net.Socket>();
      const server = net.createServer({ allowHalfOpen: true }, (socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.write(`${index}\n`);
        socket.pipe(socket);
      });
      server.listen(0, ip);
      await once(server, 'listening');
      const stop = async () => {
        server.close();
        for (const socket of sockets) socket.destroy();
      };
      cleanups.push(stop);
      return {
        ip,
        port: (server.address() as net.AddressInfo).port,
        pod: `default/e${index}`,
        terminating: false,
        stop,
      };
    }

    function route(endpoints: RouteEndpoint[], changes: Partial<ServicePortRoute> = {}): ServicePortRoute {
      return {
        id: 'default/web:http',
        protocol: 'TCP',
        virtualAddresses: [{ ip: serviceIp, port: PORT }],
        nodePort: 0,
        affinityMs: 0,
        endpoints,
        externalEndpoints: endpoints,
        ...changes,
      };
    }

    test('apply routes connections to every endpoint', async () => {
      const dataplane = newDataplane();
      const endpoints = [await startEndpoint(0), await startEndpoint(1), await startEndpoint(2)];
      assert.deepEqual(await dataplane.apply({ ports: [route(endpoints)] }, SIGNAL), []);
      const seen = new Set<string>();
      for (let i = 0; i < 60 && seen.size < 3; i++) seen.add(await whoAnswers(serviceIp, PORT));
      assert.deepEqual([...seen].sort(), ['0', '1', '2']);
      await dataplane.close();
    });

    test('apply refuses connections to a Service port without endpoints, and to one that left the table', async () => {
      const dataplane = newDataplane();
      const endpoint = await startEndpoint(0);
      await dataplane.apply({ ports: [route([])] }, SIGNAL);
      await assert.rejects(whoAnswers(serviceIp, PORT), { code: 'ECONNREFUSED' });
      await dataplane.apply({ ports: [route([endpoint])] }, SIGNAL);
      assert.equal(await whoAnswers(serviceIp, PORT), '0');
      await dataplane.apply({ ports: [] }, SIGNAL);
      await assert.rejects(whoAnswers(serviceIp, PORT), { code: 'ECONNREFUSED' });
      await dataplane.close();
    });

    test('apply serves node ports with the external endpoints', async () => {
      const dataplane = newDataplane();
      const [internal, external] = [await startEndpoint(0), await startEndpoint(1)];
      const nodePort = await freePort(subject.nodeIp);
      await dataplane.apply(
        { ports: [route([internal], { nodePort, externalEndpoints: [external] })] },
        SIGNAL,
      );
      assert.equal(await whoAnswers(serviceIp, PORT), '0');
      assert.equal(await whoAnswers(subject.nodeIp, nodePort), '1');
      await dataplane.close();
    });

    test('apply keeps a client at its endpoint under session affinity', async () => {
      const dataplane = newDataplane();
      const endpoints = [await startEndpoint(0), await startEndpoint(1), await startEndpoint(2)];
      await dataplane.apply({ ports: [route(endpoints, { affinityMs: 60_000 })] }, SIGNAL);
      const seen = new Set<string>();
      for (let i = 0; i < 20; i++) seen.add(await whoAnswers(serviceIp, PORT));
      assert.equal(seen.size, 1);
      await dataplane.close();
    });

    test('apply leaves a connection alone when its endpoint terminates and when it leaves the table', async () => {
      const dataplane = newDataplane();
      const [old, young] = [await startEndpoint(0), await startEndpoint(1)];
      await dataplane.apply({ ports: [route([old])] }, SIGNAL);
      const client = await connect(serviceIp, PORT);
      assert.equal(await client.readLine(), '0');
      await dataplane.apply({ ports: [route([{ ...old, terminating: true }])] }, SIGNAL);
      await dataplane.apply({ ports: [route([young])] }, SIGNAL);
      assert.equal(await whoAnswers(serviceIp, PORT), '1');
      await dataplane.apply({ ports: [] }, SIGNAL);
      client.socket.write('still here\n');
      assert.equal(await client.readLine(), 'still here');
      client.socket.destroy();
      await dataplane.close();
    });

    test('apply keeps a half-closed connection open the other way', async () => {
      const dataplane = newDataplane();
      const endpoint = await startEndpoint(0);
      await dataplane.apply({ ports: [route([endpoint])] }, SIGNAL);
      const client = await connect(serviceIp, PORT);
      assert.equal(await client.readLine(), '0');
      client.socket.end('last words\n');
      assert.equal(await client.readLine(), 'last words');
      await once(client.socket, 'end');
      await dataplane.close();
    });

    test('apply routes datagrams and their answers', async () => {
      const dataplane = newDataplane();
      const server = dgram.createSocket('udp4');
      server.on('message', (message, from) =>
        server.send(`echo ${message.toString()}`, from.port, from.address),
      );
      server.bind(0, endpointIps[0]);
      await once(server, 'listening');
      cleanups.push(() => server.close());
      const endpoint = { ip: endpointIps[0] ?? '', port: server.address().port, pod: '', terminating: false };
      await dataplane.apply({ ports: [route([endpoint], { protocol: 'UDP' })] }, SIGNAL);
      const client = dgram.createSocket('udp4');
      cleanups.push(() => client.close());
      for (const word of ['one', 'two']) {
        client.send(word, PORT, serviceIp);
        const [answer] = (await once(client, 'message')) as [Buffer];
        assert.equal(answer.toString(), `echo ${word}`);
      }
      await dataplane.close();
    });
  });
}

/** Connects, reads the endpoint's name, hangs up. */
export async function whoAnswers(ip: string, port: number): Promise<string> {
  const client = await connect(ip, port);
  const name = await client.readLine();
  client.socket.destroy();
  return name;
}

interface LineClient {
  socket: net.Socket;
  /** Rejects when the connection ends before a whole line. */
  readLine(): Promise<string>;
}

async function connect(ip: string, port: number): Promise<LineClient> {
  const socket = net.connect({ host: ip, port, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.setEncoding('utf8');
  let text = '';
  return {
    socket,
    readLine: async () => {
      while (!text.includes('\n')) {
        const [chunk] = (await Promise.race([
          once(socket, 'data'),
          once(socket, 'close').then(() => Promise.reject(new Error('closed before a whole line'))),
        ])) as [string];
        text += chunk;
      }
      const end = text.indexOf('\n');
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return line;
    },
  };
}

/** A port that nobody listened on a moment ago. */
export async function freePort(ip: string): Promise<number> {
  const server = net.createServer().listen(0, ip);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
