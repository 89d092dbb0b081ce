import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import type { RouteEndpoint } from '../dataplane.ts';
import { EndpointBalancer } from './endpoint-balancer.ts';

const LIMITS = { demotionMs: 2_000, affinityClientsMax: 2 };

function endpoints(...hosts: number[]): RouteEndpoint[] {
  return hosts.map((host) => ({ ip: `10.0.0.${host}`, port: 80, pod: '', terminating: false }));
}

const hostsOf = (order: readonly RouteEndpoint[]) =>
  order.map(({ ip }) => Number(ip.slice('10.0.0.'.length)));

test('EndpointBalancer goes round, each order holding every endpoint once', () => {
  const balancer = new EndpointBalancer(newSimulatedClock(), LIMITS, 1);
  balancer.update(endpoints(1, 2, 3), 0);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => hostsOf(balancer.order('client'))),
    [
      [2, 3, 1],
      [3, 1, 2],
      [1, 2, 3],
      [2, 3, 1],
    ],
  );
});

test('EndpointBalancer tries an endpoint that failed last, for a while', async () => {
  const clock = newSimulatedClock();
  const balancer = new EndpointBalancer(clock, LIMITS, 0);
  const [first, second] = endpoints(1, 2);
  balancer.update([first!, second!], 0);
  balancer.failed(first!);
  assert.deepEqual(hostsOf(balancer.order('c')), [2, 1]);
  assert.deepEqual(hostsOf(balancer.order('c')), [2, 1]);
  await clock.advance(2_000);
  assert.deepEqual(hostsOf(balancer.order('c')), [1, 2]);
});

test('EndpointBalancer keeps a client at its endpoint until it was silent for longer than its time', async () => {
  const clock = newSimulatedClock();
  const balancer = new EndpointBalancer(clock, LIMITS, 0);
  balancer.update(endpoints(1, 2, 3), 60_000);
  const own = balancer.order('client').at(-1)!;
  balancer.connected('client', own);
  await clock.advance(60_000);
  assert.equal(balancer.order('client')[0], own);
  balancer.connected('client', own);
  await clock.advance(60_001);
  assert.notEqual(balancer.order('client')[0], own);
});

test('EndpointBalancer gives a client another endpoint when its own is gone', () => {
  const balancer = new EndpointBalancer(newSimulatedClock(), LIMITS, 0);
  const [one, two] = endpoints(1, 2);
  balancer.update([one!, two!], 60_000);
  balancer.connected('client', one!);
  balancer.update([two!], 60_000);
  assert.deepEqual(balancer.order('client'), [two]);
  balancer.update([one!, two!], 60_000);
  balancer.connected('client', two!);
  assert.equal(balancer.order('client')[0], two);
});

test('EndpointBalancer agrees with another proxy about a client that neither has seen', () => {
  const clock = newSimulatedClock();
  const proxies = [0, 1].map((start) => new EndpointBalancer(clock, LIMITS, start));
  for (const proxy of proxies) proxy.update(endpoints(1, 2, 3, 4, 5), 60_000);
  const firsts = Array.from({ length: 200 }, (_, i) => {
    const [mine, other] = proxies.map((proxy) => hostsOf(proxy.order(`127.0.0.${i}`))[0]);
    assert.equal(mine, other);
    return mine;
  });
  const counts = [1, 2, 3, 4, 5].map((host) => firsts.filter((first) => first === host).length);
  assert.ok(Math.min(...counts) > 15, `unevenly spread: ${counts.join(' ')}`);
});

test('EndpointBalancer forgets the client silent longest when there are too many', () => {
  const balancer = new EndpointBalancer(newSimulatedClock(), LIMITS, 0);
  balancer.update(endpoints(1, 2, 3), 60_000);
  const own = balancer.order('a').at(-1)!;
  for (const client of ['a', 'b', 'c']) balancer.connected(client, own);
  assert.notEqual(balancer.order('a')[0], own);
  assert.equal(balancer.order('b')[0], own);
});
