/** What a server tells of itself, over TLS, as Prometheus and probes read it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, test } from 'node:test';
import { readPrometheusText } from '../tools/prometheus-text.ts';
import { startServerFor } from '../tools/server-process.ts';

const FLOW_CONTROL = 'apiserver_flowcontrol_';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const server = await startServerFor({ after });
const { serverCa: ca, cert, key } = server.tls;

async function ask(method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json' };
  const sent = request(`${server.url}${path}`, { method, ca, cert, key, headers, agent: false });
  sent.end(body && JSON.stringify(body));
  return new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    sent.on('error', reject).on('response', (response) => {
      const { statusCode = 0, headers: answered } = response;
      const type = answered['content-type'] ?? '';
      response
        .toArray()
        .then(
          (chunks) => resolve({ status: statusCode, type, text: Buffer.concat(chunks).toString() }),
          reject,
        );
    });
  });
}

async function readMetrics() {
  const { status, type, text } = await ask('GET', '/metrics');
  assert.deepEqual([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8']);
  return readPrometheusText(text);
}

type Metrics = Awaited<ReturnType<typeof readMetrics>>;

function sampleValue(
  metrics: Metrics,
  name: string,
  labels: Record<string, string>,
  part = '',
): number | undefined {
  const matching = metrics
    .get(name)
    ?.samples.filter(
      (sample) =>
        sample.name === name + part &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  assert.ok((matching?.length ?? 0) < 2, `${name} ${JSON.stringify(labels)} is one sample`);
  return matching?.[0]?.value;
}

test('/metrics is in Prometheus’ text format, and counts what has been asked for', async () => {
  await ask('POST', CONFIG_MAPS, { metadata: { name: 'a' } });
  await ask('GET', `${CONFIG_MAPS}/a`);
  await ask('GET', `${CONFIG_MAPS}/none`);
  const before = await ask('GET', CONFIG_MAPS);
  const metrics = await readMetrics();
  const core = { group: '', version: 'v1', resource: 'configmaps', subresource: '', component: 'apiserver' };
  const one = { ...core, scope: 'resource', dry_run: '' };
  const total = (labels: Record<string, string>) => sampleValue(metrics, 'apiserver_request_total', labels);
  assert.equal(total({ ...one, verb: 'GET', code: '200' }), 1);
  assert.equal(total({ ...one, verb: 'GET', code: '404' }), 1);
  assert.ok(total({ ...one, verb: 'POST', code: '201' })! >= 1);
  assert.equal(
    sampleValue(metrics, 'apiserver_request_duration_seconds', { ...one, verb: 'GET' }, '_count'),
    2,
  );
  const list = { ...core, scope: 'namespace', verb: 'LIST' };
  assert.equal(
    sampleValue(metrics, 'apiserver_response_sizes', list, '_sum'),
    Buffer.byteLength(before.text),
  );
  assert.ok(sampleValue(metrics, 'apiserver_resource_objects', { group: '', resource: 'configmaps' })! >= 1);
});

test('/metrics has what dashboards and alerts look for', async () => {
  await ask('GET', '/readyz');
  const metrics = await readMetrics();
  const types = {
    aggregator_unavailable_apiservice: 'gauge',
    apiserver_current_inflight_requests: 'gauge',
    apiserver_flowcontrol_current_executing_requests: 'gauge',
    apiserver_flowcontrol_request_execution_seconds: 'histogram',
    apiserver_flowcontrol_request_wait_duration_seconds: 'histogram',
    apiserver_longrunning_requests: 'gauge',
    apiserver_request_duration_seconds: 'histogram',
    apiserver_request_sli_duration_seconds: 'histogram',
    apiserver_request_total: 'counter',
    apiserver_resource_objects: 'gauge',
    apiserver_storage_objects: 'gauge',
    apiserver_watch_events_total: 'counter',
    process_cpu_seconds_total: 'counter',
    process_open_fds: 'gauge',
    process_resident_memory_bytes: 'gauge',
    process_start_time_seconds: 'gauge',
    workqueue_depth: 'gauge',
  };
  const told = Object.fromEntries(Object.keys(types).map((name) => [name, metrics.get(name)?.type]));
  assert.deepEqual(told, types);
  const kinds = metrics
    .get('apiserver_current_inflight_requests')!
    .samples.map(({ labels }) => labels['request_kind']);
  assert.deepEqual(
    kinds.toSorted((a, b) => (a! < b! ? -1 : 1)),
    ['mutating', 'readOnly'],
  );
  // The controllers of the server itself watch, too.
  const pods = {
    group: '',
    version: 'v1',
    resource: 'pods',
    scope: 'cluster',
    verb: 'WATCH',
    component: 'apiserver',
  };
  assert.ok(sampleValue(metrics, 'apiserver_longrunning_requests', pods)! >= 1);
  const ready = { verb: 'GET', subresource: '/readyz', scope: '', component: '', code: '200' };
  assert.ok(sampleValue(metrics, 'apiserver_request_total', ready)! >= 1);
});

test('docs/metrics.md names all that the API server counts', async () => {
  const documented = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const own = [...(await readMetrics()).keys()].filter((name) =>
    /^(?:apiserver|aggregator|workqueue)_/.test(name),
  );
  const missing = own.filter((name) => !documented.includes(`\`${name.replace(FLOW_CONTROL, '')}`));
  assert.deepEqual(missing, []);
});

test('health is told check by check, and without those that are not wanted', async () => {
  for (const path of ['/livez', '/readyz', '/healthz']) {
    assert.deepEqual([(await ask('GET', path)).status, (await ask('GET', `${path}/ping`)).text], [200, 'ok']);
    assert.equal((await ask('GET', `${path}/none`)).status, 404);
  }
  const { text } = await ask('GET', '/readyz?verbose&exclude=bootstrap&exclude=none');
  assert.equal(
    text,
    '[+]ping ok\n[+]bootstrap excluded: ok\nwarn: some health checks cannot be excluded: no matches for "none"\nreadyz check passed\n',
  );
});
