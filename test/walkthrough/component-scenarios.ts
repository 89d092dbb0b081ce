/** kill -9 of what the cluster itself is made of, one after another, while requests flow and writes are acknowledged. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { applyApp, type Cluster, serviceUrl } from './cluster.ts';
import { killChild, killKeeper } from './cluster-processes.ts';
import { type PodRow, PodWatch } from './pod-watch.ts';
import type { Scenario } from './scenarios.ts';
import { Traffic } from './traffic.ts';

const NAMESPACE = 'components';
/** Within it, what had reached the dead proxy is lost; new connections are taken by the others. */
const PROXY_GONE_MS = 1_000;
const since = (startMs: number): number => Math.round(performance.now() - startMs);

const killedComponents: Scenario = {
  name: 'kill -9 of server, agent and keeper: no request fails, nothing acknowledged is lost, no container restarts',
  namespace: NAMESPACE,
  async run(cluster, t) {
    await applyApp(cluster, { namespace: NAMESPACE, replicas: 4 });
    using pods = await PodWatch.start(cluster, NAMESPACE);
    const before = await pods.untilReady(4, 60_000);
    using traffic = new Traffic(await serviceUrl(cluster, NAMESPACE), { perSecond: 50 });
    using writer = new Writer(cluster);
    await delay(1_000);

    let startMs = performance.now();
    killChild(cluster, 'server');
    await untilReadyz(cluster, 10_000);
    t.diagnostic(`kill -9 server → API ready ${since(startMs)} ms`);
    await writer.untilMore(3, 10_000);
    assert.deepEqual(traffic.failures, [], 'requests while the server was gone');

    startMs = performance.now();
    killChild(cluster, 'agent-node-1');
    const served = before.find(({ node }) => node === 'node-1')!;
    await untilExec(cluster, served.name, 15_000);
    t.diagnostic(
      `kill -9 agent → it serves exec again ${since(startMs)} ms; requests failed: ${traffic.failures.length}`,
    );
    const late = traffic.failures.filter(({ atMs }) => atMs < startMs || atMs > startMs + PROXY_GONE_MS);
    assert.deepEqual(late, [], 'requests failed while a proxy was there');
    const lostWithProxy = traffic.failures.length;

    startMs = performance.now();
    killKeeper(cluster);
    await cluster.ended();
    await delay(2_000);
    const again = await cluster.up();
    t.diagnostic(`kill -9 keeper → the next up is ready ${again.startedInMs} ms after its start`);
    await writer.untilMore(3, 10_000);
    assert.equal(traffic.failures.length, lostWithProxy, 'requests while the keeper was gone');

    await assertUntouched(cluster, pods, before);
    const acknowledged = await writer.stop();
    const stored = (await cluster.kubectl('get', 'configmaps', '-n', NAMESPACE, '-o', 'name')).split('\n');
    assert.deepEqual(
      acknowledged.filter((name) => !stored.includes(`configmap/${name}`)),
      [],
    );
    const { sent, failures } = await traffic.stop();
    t.diagnostic(`${sent} requests, ${failures.length} failed; ${acknowledged.length} writes acknowledged`);
    assert.equal(failures.length, lostWithProxy);
  },
};

/** The same Pods with the same addresses, never restarted, never seen not ready. */
async function assertUntouched(cluster: Cluster, pods: PodWatch, before: readonly PodRow[]): Promise<void> {
  const byName = (rows: readonly PodRow[]) => rows.toSorted((a, b) => a.name.localeCompare(b.name));
  assert.deepEqual(byName(await pods.untilReady(before.length, 10_000)), byName(before));
  const firstReady = pods.history.findIndex(({ row }) => row.isReady);
  const settled = pods.history.slice(firstReady).filter(({ row }) => row.restarts > 0);
  assert.deepEqual(settled, []);
  const nodes = await cluster.kubectl('get', 'nodes', '--no-headers');
  assert.equal(nodes.match(/ Ready /g)?.length, 2, nodes);
}

/** Creates one ConfigMap after another and remembers which ones kubectl said were created. */
class Writer {
  readonly #cluster: Cluster;
  readonly #acknowledged: string[] = [];
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#done = this.#write();
  }

  async untilMore(count: number, limitMs: number): Promise<void> {
    const target = this.#acknowledged.length + count;
    const deadline = performance.now() + limitMs;
    while (this.#acknowledged.length < target) {
      assert.ok(performance.now() < deadline, 'writes are not acknowledged any more');
      await delay(50);
    }
  }

  async stop(): Promise<string[]> {
    this.#isOver = true;
    await this.#done;
    return this.#acknowledged;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }

  async #write(): Promise<void> {
    for (let number = 1; !this.#isOver; number++) {
      const name = `written-${number}`;
      const { code } = await this.#cluster.kubectl.attempt(['create', 'configmap', name, '-n', NAMESPACE]);
      if (code === 0) this.#acknowledged.push(name);
      await delay(50);
    }
  }
}

async function untilReadyz({ kubectl }: Cluster, limitMs: number): Promise<void> {
  await untilSucceeds(kubectl, ['get', '--raw', '/readyz'], limitMs);
}

async function untilExec({ kubectl }: Cluster, pod: string, limitMs: number): Promise<void> {
  await untilSucceeds(kubectl, ['exec', '-n', NAMESPACE, pod, '--', 'node', '-p', '1'], limitMs);
}

async function untilSucceeds(kubectl: Cluster['kubectl'], args: string[], limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const { code, stderr } = await kubectl.attempt(args);
    if (code === 0) return;
    assert.ok(performance.now() < deadline, `kubectl ${args.join(' ')}: ${stderr}`);
    await delay(50);
  }
}

const interrupted: Scenario = {
  name: 'Ctrl-C and npm start again: the same Pods run, restarted once, and nothing is lost',
  namespace: 'default',
  async run(cluster, t) {
    const { namespace } = this;
    const { kubectl } = cluster;
    using pods = await PodWatch.start(cluster, namespace);
    const before = await pods.untilReady(5, 30_000);
    await kubectl('create', 'configmap', 'kept', '--from-literal=answer=42');
    const startMs = performance.now();
    await cluster.interrupt();
    t.diagnostic(`Ctrl-C → ended ${since(startMs)} ms`);
    const upMs = performance.now();
    await cluster.up();
    const names = (rows: readonly PodRow[]) => rows.map(({ name }) => name).sort();
    // What was on a node that died has restarted before: rows from before the interruption must not pass for new ones.
    const earlier = new Map(before.map(({ name, restarts }) => [name, restarts]));
    const after = await pods.until('the same Pods, restarted', 30_000, () => {
      const restarted = pods.ready.filter(({ name, restarts }) => restarts > (earlier.get(name) ?? -1));
      return restarted.length === 5 && restarted;
    });
    t.diagnostic(`npm start again → all Ready ${since(upMs)} ms (readiness initialDelay 2 s)`);
    assert.deepEqual(names(after), names(before));
    for (const { name, restarts } of after) {
      assert.equal(restarts, earlier.get(name)! + 1);
    }
    assert.equal(await kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data.answer}'), '42');
  },
};

export const COMPONENT_SCENARIOS: readonly Scenario[] = [killedComponents, interrupted];
