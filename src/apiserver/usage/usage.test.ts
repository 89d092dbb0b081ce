/** `metrics.k8s.io` as clients ask for it; the agents are the test's. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../../base/status-error.ts';
import { newSimulatedApiServer, PODS_URL, pod } from '../../simulation/sim-api-server.ts';

const METRICS = '/apis/metrics.k8s.io/v1beta1';
const TIME = '2026-01-01T00:00:00Z';

const use = (cores: number, kilobytes: number) => ({
  cpu: { time: TIME, usageNanoCores: cores * 1e9 },
  memory: { time: TIME, workingSetBytes: kilobytes * 1024 },
});

async function newServer() {
  const asked: string[] = [];
  const answers = new Map<string, unknown>();
  const server = await newSimulatedApiServer({
    agents: {
      async readJson({ description }, path) {
        asked.push(`${description} ${path}`);
        const answer = answers.get(description);
        if (answer === undefined) throw new StatusError('ServiceUnavailable', 'nobody there');
        return answer;
      },
    },
  });
  const addNode = async (name: string, containers: Record<string, object[]>) => {
    await server.call('POST', '/api/v1/nodes', {
      metadata: { name, labels: { zone: name } },
      status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] },
    });
    const pods = [];
    for (const [podName, measured] of Object.entries(containers)) {
      const { value } = await server.call('POST', PODS_URL, pod(podName, { nodeName: name }));
      pods.push({ podRef: { uid: value.metadata.uid }, cpu: { time: TIME }, containers: measured });
    }
    answers.set(`node "${name}"`, { windowSeconds: 15.5, node: use(0.25, 2048), pods });
  };
  return { ...server, addNode, answers, asked };
}

test('NodeMetrics and PodMetrics say what agents say, by name and by label', async () => {
  const { call, addNode, asked } = await newServer();
  await addNode('n1', {
    web: [
      { name: 'main', ...use(0.1, 100) },
      { name: 'side', ...use(0, 1) },
    ],
  });
  const { value } = await call('GET', `${METRICS}/nodes/n1`);
  deepEqual(value, {
    kind: 'NodeMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name: 'n1', labels: { zone: 'n1' }, creationTimestamp: TIME },
    timestamp: TIME,
    window: '15.5s',
    usage: { cpu: '250m', memory: '2Mi' },
  });
  const list = await call('GET', `${METRICS}/namespaces/default/pods?labelSelector=app%3Dweb`);
  equal(list.value.kind, 'PodMetricsList');
  deepEqual(list.value.items[0].containers, [
    { name: 'main', usage: { cpu: '100m', memory: '100Ki' } },
    { name: 'side', usage: { cpu: '0', memory: '1Ki' } },
  ]);
  equal((await call('GET', `${METRICS}/pods?labelSelector=app%3Dother`)).value.items.length, 0);
  equal((await call('GET', `${METRICS}/namespaces/default/pods/web`)).value.containers.length, 2);
  deepEqual(asked, ['node "n1" /stats/summary'], 'an answer is kept for some seconds');
});

test('NodeMetrics of an agent that is asked again after a while are new', async () => {
  const { call, clock, addNode, answers } = await newServer();
  await addNode('n1', {});
  const cpu = async () => (await call('GET', `${METRICS}/nodes/n1`)).value.usage.cpu;
  equal(await cpu(), '250m');
  answers.set('node "n1"', { node: use(2, 1) });
  equal(await cpu(), '250m');
  await clock.advance(11_000);
  equal(await cpu(), '2');
});

test('what is not measured is not there, whatever an agent answers', async () => {
  const { call, addNode, answers } = await newServer();
  await addNode('n1', { half: [{ name: 'main', ...use(1, 1) }, { name: 'new' }], none: [] });
  await addNode('n2', {});
  await addNode('n3', {});
  answers.delete('node "n2"');
  answers.set('node "n3"', { node: { cpu: { usageNanoCores: 'much' } }, pods: 'none' });
  const nodes = await call('GET', `${METRICS}/nodes`);
  deepEqual(
    nodes.value.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
    ['n1'],
  );
  deepEqual((await call('GET', `${METRICS}/pods`)).value.items, []);
  for (const [url, message] of [
    [`${METRICS}/nodes/n2`, 'nodemetrics.metrics.k8s.io "n2" not found'],
    [`${METRICS}/namespaces/default/pods/half`, 'podmetrics.metrics.k8s.io "default/half" not found'],
  ] as const)
    deepEqual([(await call('GET', url)).status, (await call('GET', url)).value.message], [404, message]);
});

test('metrics.k8s.io is read only, never in protobuf, and absent where nobody asks agents', async () => {
  const { call, addNode } = await newServer();
  await addNode('n1', {});
  equal((await call('POST', `${METRICS}/nodes`, { metadata: { name: 'x' } })).status, 405);
  equal((await call('DELETE', `${METRICS}/nodes/n1`)).status, 405);
  const accept = 'application/vnd.kubernetes.protobuf,application/json';
  const either = await call('GET', `${METRICS}/nodes`, undefined, { accept });
  equal(either.headers['content-type'], 'application/json');
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  deepEqual((await call('GET', `${METRICS}/nodes`, undefined, table)).value.rows[0].cells, [
    'n1',
    '250m',
    '2Mi',
    '15.5s',
  ]);
  const without = await newSimulatedApiServer();
  equal((await without.call('GET', `${METRICS}/nodes`)).status, 404);
});
