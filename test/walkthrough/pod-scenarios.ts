/** Deleted Pods, crashed, hung and leaking programs, and Pods that are not ready: who replaces, restarts, or waits. */
import assert from 'node:assert/strict';
import { applyApp, type Cluster, serviceUrl } from './cluster.ts';
import { EventWatch } from './event-watch.ts';
import { PodWatch } from './pod-watch.ts';
import type { Scenario } from './scenarios.ts';
import { ask, Traffic } from './traffic.ts';

const since = (startMs: number): number => Math.round(performance.now() - startMs);

const deletedPod: Scenario = {
  name: 'a deleted Pod is replaced by another of a new name, and its events are printed as they happen',
  namespace: 'deleted',
  async run(cluster, t) {
    const { namespace } = this;
    await applyApp(cluster, { namespace });
    using pods = await PodWatch.start(cluster, namespace);
    const before = await pods.untilReady(5, 60_000);
    using events = await EventWatch.start(cluster, namespace);
    const victim = before[0]!.name;
    const startMs = performance.now();
    await cluster.kubectl('delete', 'pod', victim, '-n', namespace, '--wait=false');
    const isNew = ({ name }: { name: string }) => before.every((old) => old.name !== name);
    const created = await pods.until('a new Pod', 5_000, (rows) => rows.find(isNew));
    const createdMs = since(startMs);
    await pods.until('the new Pod Ready', 15_000, () => pods.ready.some(isNew));
    t.diagnostic(
      `delete → new Pod ${createdMs} ms, → Ready ${since(startMs)} ms (readiness initialDelay 2 s)`,
    );
    assert.equal(created.restarts, 0);
    const after = await pods.untilReady(5, 30_000);
    assert.ok(after.every(({ name }) => name !== victim));
    await events.until(victim, 'Killing', { withinMs: 2_000, ofMs: startMs });
    for (const reason of ['Pulled', 'Created', 'Started']) {
      await events.until(created.name, reason, { withinMs: 5_000, ofMs: startMs });
    }
  },
};

const crashedContainer: Scenario = {
  name: 'a program that crashes is restarted at once in the same Pod, with its address',
  namespace: 'crashed',
  async run(cluster, t) {
    const { namespace } = this;
    await applyApp(cluster, { namespace });
    using pods = await PodWatch.start(cluster, namespace);
    const before = await pods.untilReady(5, 60_000);
    const url = await serviceUrl(cluster, namespace);
    const startMs = performance.now();
    await assert.rejects(ask(`${url}/crash`, 'POST'), 'a program that exits does not answer');
    const crashed = await pods.until('one restart', 5_000, (rows) =>
      rows.find(({ restarts }) => restarts === 1),
    );
    t.diagnostic(`crash → restarted ${since(startMs)} ms`);
    const after = await pods.untilReady(5, 20_000);
    t.diagnostic(`crash → Ready ${since(startMs)} ms`);
    const places = (rows: typeof before) => rows.map(({ name, ip, node }) => `${name} ${ip} ${node}`).sort();
    assert.deepEqual(places(after), places(before));
    assert.deepEqual(
      after.filter(({ restarts }) => restarts > 0).map(({ name }) => name),
      [crashed.name],
    );
  },
};

const CRASHER = `
apiVersion: v1
kind: Pod
metadata: { name: crasher }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: web
      image: web-app:1.0
      command: [node, -e, 'process.exit(3)']
`;

const crashLoop: Scenario = {
  name: 'a program that keeps crashing is restarted at once, after 10 s, after 20 s, and says CrashLoopBackOff',
  namespace: 'crash-loop',
  async run(cluster, t) {
    const { namespace } = this;
    await cluster.kubectl('create', 'namespace', namespace);
    using pods = await PodWatch.start(cluster, namespace);
    await cluster.kubectl.withInput(CRASHER, 'apply', '-n', namespace, '-f', '-');
    const restartMs: number[] = [];
    for (const [count, limitMs] of [
      [1, 15_000],
      [2, 20_000],
    ] as const) {
      await pods.until(`restart ${count}`, limitMs, ([row]) => row !== undefined && row.restarts >= count);
      restartMs.push(performance.now());
    }
    const seen = pods.history.filter(({ row }) => row.restarts === 1).map(({ row }) => row.status);
    assert.ok(seen.includes('CrashLoopBackOff'), `statuses after the first restart: ${seen.join(', ')}`);
    await pods.until('the next wait', 5_000, ([row]) => row?.status === 'CrashLoopBackOff');
    const path =
      '{.status.containerStatuses[0].state.waiting.reason}: {.status.containerStatuses[0].state.waiting.message}';
    const waiting = await cluster.kubectl('get', 'pod', 'crasher', '-n', namespace, '-o', `jsonpath=${path}`);
    assert.match(
      waiting,
      /^CrashLoopBackOff: back-off 20s restarting failed container=web pod=crasher_crash-loop\([0-9a-f-]{36}\)$/,
    );
    await pods.until('restart 3', 25_000, ([row]) => row !== undefined && row.restarts >= 3);
    restartMs.push(performance.now());
    const firstEnd = pods.history.find(
      ({ row }) => row.status !== 'Pending' && row.status !== 'ContainerCreating',
    );
    const gaps = [
      restartMs[0]! - firstEnd!.atMs,
      restartMs[1]! - restartMs[0]!,
      restartMs[2]! - restartMs[1]!,
    ];
    t.diagnostic(`restarts after ${gaps.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(', ')}`);
    assert.ok(gaps[0]! < 5_000, `the first restart took ${gaps[0]} ms`);
    assert.ok(gaps[1]! > 9_000 && gaps[1]! < 15_000, `the second restart took ${gaps[1]} ms`);
    assert.ok(gaps[2]! > 19_000 && gaps[2]! < 25_000, `the third restart took ${gaps[2]} ms`);
    const events = await cluster.kubectl(
      'get',
      'events',
      '-n',
      namespace,
      '--field-selector',
      'reason=BackOff',
    );
    assert.match(
      events,
      /Warning +BackOff +pod\/crasher +Back-off restarting failed container web in pod crasher_crash-loop\(/,
    );
  },
};

const hungProgram: Scenario = {
  name: 'a program that hangs is killed by its liveness probe after 3 failures and restarted',
  namespace: 'hung',
  async run(cluster, t) {
    const { namespace } = this;
    // A hung program does not hear SIGTERM: a short grace only shortens the wait for its end.
    const edit = (text: string) =>
      text.replace('terminationGracePeriodSeconds: 30', 'terminationGracePeriodSeconds: 8');
    await applyApp(cluster, { namespace, replicas: 2, edit });
    using pods = await PodWatch.start(cluster, namespace);
    await pods.untilReady(2, 60_000);
    const startMs = performance.now();
    const answer = await ask(`${await serviceUrl(cluster, namespace)}/hang`, 'POST');
    const name = answer.split(' ', 1)[0]!;
    await pods.until('the hung Pod not ready', 30_000, (rows) =>
      rows.some((row) => row.name === name && !row.isReady),
    );
    t.diagnostic(`hang → not ready ${since(startMs)} ms`);
    await pods.until('a restart', 75_000, (rows) =>
      rows.some((row) => row.name === name && row.restarts === 1),
    );
    t.diagnostic(`hang → restarted ${since(startMs)} ms (liveness period 10 s, 3 failures, grace 8 s)`);
    await pods.untilReady(2, 20_000);
    const selector = `involvedObject.name=${name}`;
    const custom = 'custom-columns=C:.count,R:.reason,M:.message';
    const events = await cluster.kubectl(
      'get',
      'events',
      '-n',
      namespace,
      '--field-selector',
      selector,
      '-o',
      custom,
    );
    assert.match(events, /^3 +Unhealthy +Liveness probe failed: Get "http:\/\/[\d.]+:8080\/health": /m);
    assert.match(events, /Killing +Container web failed liveness probe, will be restarted$/m);
  },
};

const leakingProgram: Scenario = {
  name: 'a program that leaks is killed at its memory limit: OOMKilled, 137',
  needsRoot: 'memory limits need root (control groups)',
  namespace: 'leaking',
  async run(cluster, t) {
    const { namespace } = this;
    await applyApp(cluster, { namespace, replicas: 1 });
    using pods = await PodWatch.start(cluster, namespace);
    await pods.untilReady(1, 60_000);
    const startMs = performance.now();
    await ask(`${await serviceUrl(cluster, namespace)}/leak`, 'POST');
    const row = await pods.until('a restart', 40_000, (rows) => rows.find(({ restarts }) => restarts === 1));
    t.diagnostic(`leak → OOMKilled and restarted ${since(startMs)} ms`);
    const path = '{.status.containerStatuses[0].lastState.terminated}';
    const last = await cluster.kubectl('get', 'pod', row.name, '-n', namespace, '-o', `jsonpath=${path}`);
    const { reason, exitCode } = JSON.parse(last) as { reason: string; exitCode: number };
    assert.deepEqual({ reason, exitCode }, { reason: 'OOMKilled', exitCode: 137 });
  },
};

const unreadyPod: Scenario = {
  name: 'a Pod that is not ready gets no requests, runs on, and comes back; no request fails',
  namespace: 'unready',
  async run(cluster, t) {
    const { namespace } = this;
    await applyApp(cluster, { namespace, replicas: 3 });
    using pods = await PodWatch.start(cluster, namespace);
    const [row] = await pods.untilReady(3, 60_000);
    const name = row!.name;
    using traffic = new Traffic(await serviceUrl(cluster, namespace), { perSecond: 50 });
    const startMs = performance.now();
    await execInApp(cluster, { namespace, name }, 'POST', '/ready/disable');
    await pods.until('the Pod 0/1', 25_000, (rows) => rows.some((r) => r.name === name && r.ready === '0/1'));
    t.diagnostic(`not ready → shown ${since(startMs)} ms (readiness period 5 s, 3 failures)`);
    await untilEndpoint(cluster, { namespace, name }, false);
    traffic.forgetAnswers();
    await untilAnswers(traffic, 100);
    assert.equal(traffic.answers.get(name), undefined, 'a Pod that is not ready was sent requests');
    const shown = pods.rows.find((r) => r.name === name);
    assert.deepEqual([shown?.ready, shown?.status, shown?.restarts], ['0/1', 'Running', 0]);
    await execInApp(cluster, { namespace, name }, 'POST', '/ready/enable');
    await pods.untilReady(3, 10_000);
    await untilEndpoint(cluster, { namespace, name }, true);
    traffic.forgetAnswers();
    await untilAnswers(traffic, 100);
    assert.ok(traffic.answers.get(name), 'the Pod that is ready again was sent no requests');
    const { sent, failures } = await traffic.stop();
    assert.deepEqual(failures, [], `of ${sent} requests`);
  },
};

interface PodName {
  namespace: string;
  name: string;
}

/** The image carries no curl: its own Node is the client, as a person would do it. */
async function execInApp(
  { kubectl }: Cluster,
  { namespace, name }: PodName,
  method: string,
  path: string,
): Promise<void> {
  const program = `fetch('http://' + process.env.POD_IP + ':8080${path}', { method: '${method}' }).then(async (r) => {
    console.log(await r.text()); process.exit(r.ok ? 0 : 1); })`;
  await kubectl('exec', '-n', namespace, name, '--', 'node', '-e', program);
}

/** Waits until the slices of the Service say whether the Pod is ready. */
async function untilEndpoint(
  { kubectl }: Cluster,
  { namespace, name }: PodName,
  isReady: boolean,
): Promise<void> {
  const path = `{.items[*].endpoints[?(@.targetRef.name=="${name}")].conditions.ready}`;
  const args = ['get', 'endpointslices', '-n', namespace, '-o', `jsonpath=${path}`];
  const deadline = performance.now() + 5_000;
  let shown = '';
  while (performance.now() < deadline) {
    shown = await kubectl(...args);
    if (shown === String(isReady)) return;
  }
  assert.fail(`the EndpointSlices say ready=${shown} of ${name}, not ${isReady}`);
}

async function untilAnswers(traffic: Traffic, count: number): Promise<void> {
  const total = () => [...traffic.answers.values()].reduce((sum, one) => sum + one, 0);
  const deadline = performance.now() + 20_000;
  while (total() < count) {
    assert.ok(performance.now() < deadline, `only ${total()} of ${count} answers came`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const POD_SCENARIOS: readonly Scenario[] = [
  deletedPod,
  crashedContainer,
  crashLoop,
  hungProgram,
  leakingProgram,
  unreadyPod,
];
