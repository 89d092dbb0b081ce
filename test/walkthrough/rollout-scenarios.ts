/** Rolling updates, good and bad, under traffic: no request fails. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { applyApp, type Cluster, serviceUrl } from './cluster.ts';
import { assertNeverBelow, PodWatch } from './pod-watch.ts';
import type { Scenario } from './scenarios.ts';
import { Traffic } from './traffic.ts';

const REPLICAS = 5;
/** maxUnavailable of 25 %, rounded down. */
const AVAILABLE_MIN = 4;
const ROLLOUT_LIMIT_MS = 90_000;
/** Longer than the 5 s from the removal of a Pod to its SIGTERM. */
const SLOW_MS = 8_000;

const update: Scenario = {
  name: 'a rolling update under 50 requests/s fails none, and slow ones in flight finish',
  namespace: 'update',
  async run(cluster, t) {
    const { namespace } = this;
    await applyApp(cluster, { namespace });
    using pods = await PodWatch.start(cluster, namespace);
    const before = await pods.untilReady(REPLICAS, 60_000);
    const url = await serviceUrl(cluster, namespace);
    using traffic = new Traffic(url, { perSecond: 50 });
    using slow = new Traffic(url, { path: `/slow?ms=${SLOW_MS}`, perSecond: 4 });
    await delay(1_000);
    const startMs = performance.now();
    await cluster.kubectl('set', 'env', 'deployment/web-app', '-n', namespace, 'VERSION=2');
    const { code, stderr } = await rolloutStatus(cluster, namespace, '90s');
    assert.equal(code, 0, stderr);
    t.diagnostic(`rolling update of ${REPLICAS} complete ${Math.round(performance.now() - startMs)} ms`);
    const after = await pods.untilReady(REPLICAS, 60_000);
    assert.ok(
      after.every(({ name }) => before.every((old) => old.name !== name)),
      'every Pod is new',
    );
    assert.ok(after.every(({ restarts }) => restarts === 0));
    assertNeverBelow(pods, AVAILABLE_MIN, startMs);
    const [quickOutcome, slowOutcome] = await Promise.all([traffic.stop(), slow.stop()]);
    t.diagnostic(`${quickOutcome.sent} quick and ${slowOutcome.sent} slow requests`);
    assert.deepEqual(quickOutcome.failures, [], `of ${quickOutcome.sent} requests`);
    assert.deepEqual(slowOutcome.failures, [], `of ${slowOutcome.sent} slow requests`);
  },
};

const badImage: Scenario = {
  name: 'a rolling update to an image that does not exist stops at maxUnavailable, and undo brings it back',
  namespace: 'bad-image',
  async run(cluster, t) {
    const { namespace } = this;
    await applyApp(cluster, { namespace });
    using pods = await PodWatch.start(cluster, namespace);
    const before = await pods.untilReady(REPLICAS, 60_000);
    using traffic = new Traffic(await serviceUrl(cluster, namespace), { perSecond: 50 });
    const startMs = performance.now();
    await cluster.kubectl('set', 'image', 'deployment/web-app', '-n', namespace, 'web=web-app:9.9');
    await pods.until('an image that cannot be had', 20_000, (rows) =>
      rows.some(({ status }) => status === 'ErrImagePull' || status === 'ImagePullBackOff'),
    );
    const stuck = await rolloutStatus(cluster, namespace, '12s');
    assert.notEqual(stuck.code, 0, 'the rollout must not complete');
    assert.equal(pods.ready.length, AVAILABLE_MIN);
    const shown = await cluster.kubectl('get', 'deployment', 'web-app', '-n', namespace, '--no-headers');
    assert.match(shown, /^web-app +4\/5 +3 +4 /, 'READY, UP-TO-DATE, AVAILABLE');
    const undoMs = performance.now();
    await cluster.kubectl('rollout', 'undo', 'deployment/web-app', '-n', namespace);
    const { code, stderr } = await rolloutStatus(cluster, namespace, '60s');
    assert.equal(code, 0, stderr);
    t.diagnostic(`undo → complete ${Math.round(performance.now() - undoMs)} ms`);
    const after = await pods.untilReady(REPLICAS, ROLLOUT_LIMIT_MS);
    const kept = after.filter(({ name }) => before.some((old) => old.name === name));
    assert.equal(kept.length, AVAILABLE_MIN, 'those that served went on serving');
    assertNeverBelow(pods, AVAILABLE_MIN, startMs);
    const { sent, failures } = await traffic.stop();
    assert.deepEqual(failures, [], `of ${sent} requests`);
  },
};

function rolloutStatus({ kubectl }: Cluster, namespace: string, timeout: string) {
  return kubectl.attempt([
    'rollout',
    'status',
    'deployment/web-app',
    '-n',
    namespace,
    `--timeout=${timeout}`,
  ]);
}

export const ROLLOUT_SCENARIOS: readonly Scenario[] = [update, badImage];
