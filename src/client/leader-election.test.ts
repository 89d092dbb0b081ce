import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG_MAPS } from '../api/resources.ts';
import { aborted } from '../base/abort.ts';
import { silentLogger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import { InMemoryApi } from '../simulation/in-memory-api.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newFencedTransport } from './fenced-transport.ts';
import { LEADER_ELECTION_DEFAULTS, runAsLeader } from './leader-election.ts';
import { newRestClient } from './rest-client.ts';

function newSetting() {
  const clock = newSimulatedClock();
  const random = newSeededRandom(1);
  const api = new InMemoryApi({ clock, random });
  const cutOff = new Set<string>();
  /** Whose machines stand still as an answer to a renewal comes, and how long, ms. */
  const standing = new Map<string, number>();
  const leading = new Set<string>();
  const history: string[] = [];
  const standStill = async <T>(forMs: number, answer: Promise<T>): Promise<T> => {
    await answer.catch(() => {});
    await clock.sleep(forMs, new AbortController().signal);
    return answer;
  };
  const start = (identity: string) => {
    const stop = new AbortController();
    const transport: typeof api.send = (request, signal) => {
      if (cutOff.has(identity)) return Promise.reject(new StatusError('ServiceUnavailable', 'cut off'));
      const standsMs = request.method === 'PUT' ? standing.get(identity) : undefined;
      if (standsMs === undefined) return api.send(request, signal);
      return standStill(standsMs, api.send(request, signal));
    };
    const ended = runAsLeader(
      {
        client: newRestClient({ send: transport }, { userAgent: identity }),
        clock,
        random: random.fork(identity),
        log: silentLogger,
        lease: { namespace: 'kube-system', name: 'controllers' },
        identity,
        ...LEADER_ELECTION_DEFAULTS,
      },
      async ({ signal }) => {
        leading.add(identity);
        history.push(identity);
        ok(leading.size === 1, `${[...leading].join()} lead`);
        await aborted(signal);
        leading.delete(identity);
      },
      stop.signal,
    ).catch(() => {});
    return { ended, stop: () => stop.abort(new Error('over')) };
  };
  return { clock, cutOff, standing, leading, history, start };
}

test('runAsLeader lets one lead, and the next at once when it ends in order', async () => {
  const { clock, leading, history, start } = newSetting();
  const a = start('a');
  await clock.advance(100);
  const b = start('b');
  await clock.advance(60_000);
  deepEqual([...leading], ['a']);
  a.stop();
  await a.ended;
  await clock.advance(5000);
  deepEqual(history, ['a', 'b']);
  b.stop();
  await b.ended;
});

test('runAsLeader ends a leader that cannot renew before another begins', async () => {
  const { clock, cutOff, leading, history, start } = newSetting();
  const a = start('a');
  await clock.advance(100);
  const b = start('b');
  await clock.advance(10_000);
  cutOff.add('a');
  await clock.advance(10_500);
  equal(leading.has('a'), false);
  await clock.advance(20_000);
  deepEqual(history, ['a', 'b']);
  await a.ended;
  b.stop();
  await b.ended;
});

test('runAsLeader ends at once when its renewal is answered after the deadline', async () => {
  const { clock, standing, leading, start } = newSetting();
  const a = start('a');
  await clock.advance(100);
  deepEqual([...leading], ['a']);
  standing.set('a', 60_000);
  await clock.advance(LEADER_ELECTION_DEFAULTS.retryPeriodMs + 60_000);
  deepEqual([...leading], []);
  await a.ended;
});

test('newFencedTransport lets no write out past the renew deadline, before any timer has told', async () => {
  const clock = newSimulatedClock();
  const random = newSeededRandom(1);
  const api = new InMemoryApi({ clock, random });
  const stop = new AbortController();
  const { signal } = stop;
  let aheadMs = 0;
  const led = runAsLeader(
    {
      client: newRestClient(api, { userAgent: 'a' }),
      // A machine that stood still: its clock has gone on, its timers have not fired yet.
      clock: {
        now: () => clock.now(),
        monotonicMs: () => clock.monotonicMs() + aheadMs,
        sleep: (delayMs, until) => clock.sleep(delayMs, until),
        setTimer: (delayMs, fire) => clock.setTimer(delayMs, fire),
      },
      random,
      log: silentLogger,
      lease: { namespace: 'kube-system', name: 'controllers' },
      identity: 'a',
      ...LEADER_ELECTION_DEFAULTS,
    },
    async (leadership) => {
      const client = newRestClient(newFencedTransport(api, leadership), { userAgent: 'a' });
      const create = (name: string) => {
        const metadata = { namespace: 'default', name };
        return client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, signal);
      };
      await create('before');
      aheadMs = LEADER_ELECTION_DEFAULTS.renewDeadlineMs;
      equal(leadership.signal.aborted, false);
      await rejects(create('after'), { reason: 'ServiceUnavailable' });
      const { items } = await client.list(CONFIG_MAPS, {}, signal);
      deepEqual(
        items.map(({ metadata }) => metadata.name),
        ['before'],
      );
    },
    signal,
  );
  await clock.advance(1000);
  await led;
});
