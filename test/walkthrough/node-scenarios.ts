/** Nodes that are drained and nodes that die: budgets hold, Pods go elsewhere, and come back to order. */
import assert from 'node:assert/strict';
import { applyApp, type Cluster, serviceUrl } from './cluster.ts';
import { killKeeper, killNode } from './cluster-processes.ts';
import { assertNeverBelow, PodWatch } from './pod-watch.ts';
import type { Scenario } from './scenarios.ts';
import { Traffic } from './traffic.ts';

const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";
const since = (startMs: number): number => Math.round(performance.now() - startMs);

const drain: Scenario = {
  name: 'kubectl drain empties a node one Pod at a time as the budget allows; uncordon takes it back',
  namespace: 'drained',
  async run(cluster, t) {
    const { namespace } = this;
    const { kubectl } = cluster;
    await applyApp(cluster, {
      namespace,
      replicas: 4,
      edit: (text) => text.replace('minAvailable: 2', 'minAvailable: 3'),
    });
    using pods = await PodWatch.start(cluster, namespace);
    const rows = await pods.untilReady(4, 60_000);
    const onNode = (node: string) => rows.filter((row) => row.node === node).length;
    assert.ok(onNode('node-1') > 0 && onNode('node-2') > 0, 'Pods are spread over both nodes');
    const node = onNode('node-2') >= 2 ? 'node-2' : 'node-1';
    using traffic = new Traffic(await serviceUrl(cluster, namespace), { perSecond: 50 });
    const startMs = performance.now();
    const draining = kubectl.attempt(['drain', node, '--timeout=100s']);
    // While the first one is on its way the budget is used up: the API says so to anybody.
    const going = await pods.until('the first eviction', 15_000, (all) =>
      all.find(({ status }) => status === 'Terminating'),
    );
    const other = rows.find((row) => row.name !== going.name)!;
    const refused = await evict(cluster, namespace, other.name);
    assert.match(refused.stderr, new RegExp(`\\(TooManyRequests\\): ${VIOLATION}`));
    const { code, stdout, stderr } = await draining;
    assert.equal(code, 0, stderr);
    t.diagnostic(`drain of ${onNode(node)} Pods, one at a time ${since(startMs)} ms`);
    assert.match(stdout, new RegExp(`node/${node} drained`));
    assert.match(
      stderr,
      new RegExp(
        `error when evicting pods/"web-app-\\S+" -n "${namespace}" \\(will retry after 5s\\): ${VIOLATION}`,
      ),
    );
    assertNeverBelow(pods, 3, startMs);
    const left = await kubectl(
      'get',
      'pods',
      '-A',
      '--field-selector',
      `spec.nodeName=${node}`,
      '-o',
      'name',
    );
    assert.equal(left, '');
    assert.match(await kubectl('get', 'node', node, '--no-headers'), / Ready,SchedulingDisabled /);
    await pods.untilReady(4, 30_000);
    await kubectl('uncordon', node);
    await kubectl('scale', 'deployment/web-app', '-n', namespace, '--replicas=6');
    await pods.until('a Pod on the node again', 15_000, (all) => all.some((row) => row.node === node));
    const { sent, failures } = await traffic.stop();
    assert.deepEqual(failures, [], `of ${sent} requests`);
  },
};

const blockedDrain: Scenario = {
  name: 'kubectl drain is held up by a budget that allows none, in the words of Kubernetes',
  namespace: 'budgeted',
  async run(cluster) {
    const { namespace } = this;
    const { kubectl } = cluster;
    await applyApp(cluster, {
      namespace,
      replicas: 2,
      edit: (text) => text.replace('minAvailable: 2', 'minAvailable: 2'),
    });
    using pods = await PodWatch.start(cluster, namespace);
    const rows = await pods.untilReady(2, 60_000);
    const { name, node } = rows[0]!;
    const shown = await kubectl('get', 'poddisruptionbudgets', '-n', namespace, '--no-headers');
    assert.match(shown, /^web-app +2 +N\/A +0 /, 'MIN AVAILABLE, MAX UNAVAILABLE, ALLOWED DISRUPTIONS');
    const selector = ['--pod-selector', 'app=web-app'];
    const { code, stderr } = await kubectl.attempt(['drain', node, ...selector, '--timeout=8s']);
    assert.notEqual(code, 0);
    assert.ok(
      stderr.includes(
        `error when evicting pods/"${name}" -n "${namespace}" (will retry after 5s): ${VIOLATION}`,
      ),
      stderr,
    );
    assert.match(stderr, /global timeout reached: 8s/);
    const verbose = await kubectl.attempt(['-v=8', ...evictArgs(namespace, name)], eviction(namespace, name));
    assert.match(verbose.stderr, /The disruption budget web-app needs 2 healthy pods and has 2 currently/);
    await kubectl('uncordon', node);
    assert.deepEqual(pods.ready.map((row) => row.name).sort(), rows.map((row) => row.name).sort());
  },
};

const TOLERATIONS = `
      tolerations:
        - { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 5 }
        - { key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 5 }
      containers:`;

const lostNode: Scenario = {
  name: 'a node that dies is Unknown and tainted, its Pods are replaced elsewhere, and its return cleans up',
  namespace: 'lost-node',
  async run(cluster, t) {
    const { namespace } = this;
    const { kubectl } = cluster;
    await applyApp(cluster, {
      namespace,
      replicas: 4,
      edit: (text) => text.replace(/\n +containers:/, TOLERATIONS),
    });
    using pods = await PodWatch.start(cluster, namespace);
    const rows = await pods.untilReady(4, 60_000);
    const lost = rows.filter(({ node }) => node === 'node-2').map(({ name }) => name);
    assert.ok(lost.length > 0 && lost.length < 4, 'Pods are spread over both nodes');
    // Whoever would start the agent again goes first: the node is then as dead as a machine without power.
    const startMs = performance.now();
    killKeeper(cluster);
    killNode(cluster, 'node-2');
    const condition =
      '{.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].reason}';
    await untilPrints(
      cluster,
      ['get', 'node', 'node-2', '-o', `jsonpath=${condition}`],
      /^Unknown NodeStatusUnknown$/,
      65_000,
    );
    t.diagnostic(`node dead → Unknown ${since(startMs)} ms`);
    assert.match(await kubectl('get', 'node', 'node-2', '--no-headers'), /^node-2 +NotReady /);
    const taints = ['get', 'node', 'node-2', '-o', 'jsonpath={.spec.taints[*].key}:{.spec.taints[*].effect}'];
    await untilPrints(
      cluster,
      taints,
      /^(node\.kubernetes\.io\/unreachable ?){2}:(NoSchedule NoExecute|NoExecute NoSchedule)$/,
      10_000,
    );
    await pods.until('4 Pods Ready on the other node', 40_000, () => {
      const elsewhere = pods.ready.filter(({ node, name }) => node === 'node-1' && !lost.includes(name));
      return elsewhere.length === 4;
    });
    t.diagnostic(`node dead → its Pods served elsewhere ${since(startMs)} ms (50 s + 5 s tolerated)`);
    assert.ok(
      pods.rows.filter(({ name }) => lost.includes(name)).every(({ status }) => status === 'Terminating'),
    );
    const events = await kubectl('get', 'events', '-A', '--no-headers');
    assert.match(events, / NodeNotReady +node\/node-2 +Node node-2 status is now: NodeNotReady/);
    assert.match(
      events,
      new RegExp(` TaintManagerEviction +pod/${lost[0]} +Marking for deletion Pod ${namespace}/${lost[0]}`),
    );
    const returnMs = performance.now();
    await cluster.ended();
    await cluster.up();
    await untilPrints(cluster, ['get', 'node', 'node-2', '--no-headers'], /^node-2 +Ready /, 20_000);
    await pods.untilReady(4, 20_000);
    t.diagnostic(`node back → Ready, and its old Pods gone ${since(returnMs)} ms`);
    await untilPrints(cluster, ['get', 'node', 'node-2', '-o', 'jsonpath={.spec.taints}'], /^$/, 10_000);
  },
};

async function untilPrints(
  { kubectl }: Cluster,
  args: string[],
  pattern: RegExp,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const { stdout, stderr } = await kubectl.attempt(args);
    if (pattern.test(stdout)) return;
    assert.ok(
      performance.now() < deadline,
      `kubectl ${args.join(' ')} does not print ${pattern}: ${stdout}${stderr}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function evictArgs(namespace: string, name: string): string[] {
  return ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '-f', '-'];
}

function eviction(namespace: string, name: string): string {
  return JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } });
}

function evict({ kubectl }: Cluster, namespace: string, name: string) {
  return kubectl.attempt(evictArgs(namespace, name), eviction(namespace, name));
}

export const NODE_SCENARIOS: readonly Scenario[] = [drain, blockedDrain, lostNode];
