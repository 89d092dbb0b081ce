import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest, ApiResponse } from '../api/message.ts';
import { newPacedTransport } from './paced-transport.ts';

const OK: ApiResponse = { status: 200, headers: {}, body: { kind: 'none' } };

function newServer() {
  const underWay: { path: string; answer: PromiseWithResolvers<ApiResponse> }[] = [];
  const send = ({ path }: ApiRequest) => {
    const answer = Promise.withResolvers<ApiResponse>();
    underWay.push({ path, answer });
    return answer.promise;
  };
  const settle = async () => {
    for (let step = 0; step < 5; step++) await Promise.resolve();
  };
  return {
    send,
    paths: () => underWay.map(({ path }) => path),
    async end(path: string, how: (answer: PromiseWithResolvers<ApiResponse>) => void) {
      const at = underWay.findIndex((each) => each.path === path);
      how(underWay.splice(at, 1)[0]!.answer);
      await settle();
    },
  };
}

function get(path: string): ApiRequest {
  const peer = { kind: 'remote', address: '', certificate: undefined } as const;
  return { method: 'GET', path, query: new URLSearchParams(), headers: {}, body: { kind: 'none' }, peer };
}

test('newPacedTransport sends so many at once, and the others in their order when some are answered', async () => {
  const server = newServer();
  const transport = newPacedTransport(server, 2);
  const never = new AbortController().signal;
  const [first, second, ...others] = ['a', 'b', 'c', 'd'].map((path) => transport.send(get(path), never));
  deepEqual(server.paths(), ['a', 'b']);
  await server.end('a', ({ resolve }) => resolve(OK));
  equal(await first, OK);
  deepEqual(server.paths(), ['b', 'c']);
  await Promise.all([
    rejects(second!, /broken/),
    server.end('b', ({ reject }) => reject(new Error('broken'))),
  ]);
  deepEqual(server.paths(), ['c', 'd']);
  for (const path of ['c', 'd']) await server.end(path, ({ resolve }) => resolve(OK));
  deepEqual(await Promise.all(others), [OK, OK]);
  void transport.send(get('e'), never);
  void transport.send(get('f'), never);
  deepEqual(server.paths(), ['e', 'f']);
});

test('newPacedTransport forgets who waits and goes away', async () => {
  const server = newServer();
  const transport = newPacedTransport(server, 1);
  const gone = new AbortController();
  const never = new AbortController().signal;
  void transport.send(get('a'), never);
  const leaving = transport.send(get('b'), gone.signal);
  void transport.send(get('c'), never);
  gone.abort(new Error('gone'));
  await rejects(leaving, /gone/);
  await rejects(transport.send(get('d'), gone.signal), /gone/);
  await server.end('a', ({ resolve }) => resolve(OK));
  deepEqual(server.paths(), ['c']);
});
