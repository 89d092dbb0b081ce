/** The API server as users run it: the bundle, in a process of its own, over TLS, durable; the load from another process. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startWebhookListener } from '../src/platform/webhook-listener.fixture.ts';
import { newDataDir, type ServerProcess, startServer } from '../test/tools/server-process.ts';
import { type Benchmark, type Measurement, summarize } from './benchmark.ts';
import { buildBundle } from './bundle.ts';
import {
  CLIENTS,
  createPods,
  LOAD_RUNS,
  medianRate,
  NAMESPACE,
  newLoad,
  PODS,
  rateOf,
  timedStart,
  WARM_UP_RUNS,
  withServer,
} from './load/api-server.ts';
import { askAboutPods, defineRuled, limitPods, prepareNamespace } from './load/prepare.ts';
import { cpuMs, residentMb } from './load/process-usage.ts';
import { runLoad } from './load/run-load.ts';
import type { LoadResult } from './load/task.ts';

const ASKED_PODS = 2_000;
const WATCHERS = 100;
const START_RUNS = 7;
const AUDIT_PODS = 2_000;
const AUDIT_RUNS = 5;
const IDLE_SETTLE_MS = 5_000;
const IDLE_WINDOW_MS = 10_000;

export const benchmarks: Benchmark[] = [
  { name: 'api-start', run: measureStart },
  { name: 'api-load', run: () => withServer(measureLoad) },
  { name: 'api-audit', run: measureAudit },
  { name: 'api-rules', run: () => withServer(measureRules) },
  { name: 'api-quota', run: () => withServer(measureQuota) },
  { name: 'api-webhook', run: () => withServer(measureWebhook) },
  { name: 'api-list', run: () => withServer(measureList) },
  { name: 'api-protobuf', run: () => withServer(measureProtobuf) },
  { name: 'api-watch', run: () => withServer(measureWatch) },
];

/** Start to `/readyz` on a new and on a filled data directory; then what the idle server holds and burns. */
async function measureStart(): Promise<Measurement[]> {
  await buildBundle();
  const empty: number[] = [];
  for (let run = 0; run < START_RUNS; run++) {
    const dataDir = await newDataDir();
    const { server, elapsedMs } = await timedStart(dataDir);
    empty.push(elapsedMs);
    await server.stop();
    await rm(dataDir, { recursive: true });
  }
  const idle = await withServer(measureIdle);
  return [
    summarize('server-ready-empty', empty, 'ms'),
    ...idle,
    summarize('server-ready-10000', await filledStarts(), 'ms'),
  ];
}

async function filledStarts(): Promise<number[]> {
  const dataDir = await newDataDir();
  const samples: number[] = [];
  const first = await startServer({ dataDir, program: 'bundle' });
  await createPods(first, await newLoad(first));
  await first.stop();
  for (let run = 0; run < START_RUNS; run++) {
    const { server, elapsedMs } = await timedStart(dataDir);
    samples.push(elapsedMs);
    await server.stop();
  }
  await rm(dataDir, { recursive: true });
  return samples;
}

async function measureIdle(server: ServerProcess): Promise<Measurement[]> {
  await delay(IDLE_SETTLE_MS);
  const before = await cpuMs(server.pid);
  await delay(IDLE_WINDOW_MS);
  const burnt = (await cpuMs(server.pid)) - before;
  return [
    { metric: 'memory-server', value: await residentMb(server.pid), unit: 'MB' },
    { metric: 'cpu-idle-server', value: (100 * burnt) / IDLE_WINDOW_MS, unit: '% of a core' },
  ];
}

async function measureLoad(server: ServerProcess): Promise<Measurement[]> {
  const load = await newLoad(server);
  const creates: LoadResult[] = [];
  const gets: LoadResult[] = [];
  // A server runs for weeks: what its first seconds of compiling cost is not what a client sees.
  for (let run = 0; run < WARM_UP_RUNS; run++) await createPods(server, load, run * PODS);
  for (let run = 0; run < LOAD_RUNS; run++) {
    creates.push(await createPods(server, load, (WARM_UP_RUNS + run) * PODS));
  }
  for (let run = 0; run < LOAD_RUNS; run++) {
    gets.push(
      await runLoad(server, { kind: 'get', ...load, clients: CLIENTS, names: PODS, count: 2 * PODS }),
    );
  }
  return [
    { metric: 'api-create-32', value: medianRate(creates), unit: '/s' },
    summarize(
      'api-create-latency-32',
      creates.flatMap(({ latenciesMs }) => latenciesMs),
      'ms',
    ),
    { metric: 'api-get-32', value: medianRate(gets), unit: '/s' },
    summarize(
      'api-get-latency-32',
      gets.flatMap(({ latenciesMs }) => latenciesMs),
      'ms',
    ),
  ];
}

/** What the audit log costs a creation: two servers, turn by turn, so that whatever else the machine does meets both. */
async function measureAudit(): Promise<Measurement[]> {
  const plain = await newAuditedServer(false);
  const audited = await newAuditedServer(true);
  const ratios: number[] = [];
  for (let run = 0; run < AUDIT_RUNS + WARM_UP_RUNS; run++) {
    const without = rateOf(await createPods(plain.server, plain.load, run * AUDIT_PODS, AUDIT_PODS));
    const withLog = rateOf(await createPods(audited.server, audited.load, run * AUDIT_PODS, AUDIT_PODS));
    if (run >= WARM_UP_RUNS) ratios.push(withLog / without);
  }
  for (const { server } of [plain, audited]) {
    await server.stop();
    await rm(server.dataDir, { recursive: true });
  }
  return [summarize('api-create-audited', ratios, 'x unaudited')];
}

async function newAuditedServer(isAudited: boolean) {
  await buildBundle();
  const dataDir = await newDataDir();
  const policy = join(dataDir, 'policy.yaml');
  await writeFile(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n');
  const args = isAudited ? ['--audit-policy', policy] : [];
  const server = await startServer({ dataDir, program: 'bundle', args });
  return { server, load: await newLoad(server) };
}

/** Objects of a kind whose definition has rules in CEL. */
async function measureRules(server: ServerProcess): Promise<Measurement[]> {
  const load = await newLoad(server);
  await defineRuled(server);
  const create = (run: number) =>
    runLoad(server, { kind: 'create-ruled', ...load, clients: CLIENTS, from: run * PODS, count: PODS });
  for (let run = 0; run < WARM_UP_RUNS; run++) await create(run);
  const runs: LoadResult[] = [];
  for (let run = 0; run < LOAD_RUNS; run++) runs.push(await create(WARM_UP_RUNS + run));
  return [{ metric: 'api-create-ruled-32', value: medianRate(runs), unit: '/s' }];
}

/** Pods that a quota counts: each writes its charge, too. Against those of a namespace without one, turn by turn. */
async function measureQuota(server: ServerProcess): Promise<Measurement[]> {
  const free = await newLoad(server);
  const namespace = 'bench-quota';
  const limited = { ...free, namespace, ownerUid: await prepareNamespace(server, namespace) };
  await limitPods(server, namespace);
  for (let run = 0; run < WARM_UP_RUNS; run++) await createPods(server, limited, run * PODS);
  const runs: LoadResult[] = [];
  const shares: number[] = [];
  for (let run = WARM_UP_RUNS; run < WARM_UP_RUNS + LOAD_RUNS; run++) {
    const charged = await createPods(server, limited, run * PODS);
    runs.push(charged);
    shares.push(rateOf(charged) / rateOf(await createPods(server, free, run * PODS)));
  }
  return [
    { metric: 'api-create-quota-32', value: medianRate(runs), unit: '/s' },
    summarize('api-create-quota-share', shares, 'x without quota'),
    summarize(
      'api-create-quota-latency-32',
      runs.flatMap(({ latenciesMs }) => latenciesMs),
      'ms',
    ),
  ];
}

/** Through a validating webhook on loopback, in this process, that allows everything; against Pods that it is not asked about. */
async function measureWebhook(server: ServerProcess): Promise<Measurement[]> {
  const listener = await startWebhookListener((body, response) => {
    const { apiVersion, kind, request } = JSON.parse(body) as Record<string, { uid: string }>;
    response.end(JSON.stringify({ apiVersion, kind, response: { uid: request!.uid, allowed: true } }));
  });
  const free = await newLoad(server);
  const namespace = `${NAMESPACE}-asked`;
  const asked = { ...free, namespace, ownerUid: await prepareNamespace(server, namespace) };
  await askAboutPods(server, namespace, listener);
  const create = (load: typeof free, run: number) => createPods(server, load, run * ASKED_PODS, ASKED_PODS);
  for (let run = 0; run < WARM_UP_RUNS; run++) await create(asked, run);
  const runs: LoadResult[] = [];
  const shares: number[] = [];
  for (let run = WARM_UP_RUNS; run < WARM_UP_RUNS + LOAD_RUNS; run++) {
    const through = await create(asked, run);
    runs.push(through);
    shares.push(rateOf(through) / rateOf(await create(free, run)));
  }
  await listener.close();
  return [
    { metric: 'api-create-webhook-32', value: medianRate(runs), unit: '/s' },
    summarize('api-create-webhook-share', shares, 'x without webhook'),
    summarize(
      'api-create-webhook-latency-32',
      runs.flatMap(({ latenciesMs }) => latenciesMs),
      'ms',
    ),
  ];
}

async function measureList(server: ServerProcess): Promise<Measurement[]> {
  const load = await newLoad(server);
  await createPods(server, load);
  const { latenciesMs } = await runLoad(server, { kind: 'list', ...load, times: 15 });
  return [
    summarize('api-list-10000', latenciesMs, 'ms'),
    { metric: 'memory-server-10000', value: await residentMb(server.pid), unit: 'MB' },
  ];
}

/** As client-go's typed clients ask. */
const PROTOBUF = 'application/vnd.kubernetes.protobuf,application/json';
const JSON_TYPE = 'application/json';

/** Against JSON, turn by turn, so that whatever else the machine does meets both. The first list in protobuf encodes them all. */
async function measureProtobuf(server: ServerProcess): Promise<Measurement[]> {
  const load = await newLoad(server);
  await createPods(server, load);
  const list = async (accept: string, times: number) =>
    (await runLoad(server, { kind: 'list', ...load, times, accept })).latenciesMs;
  const get = { kind: 'get', ...load, clients: CLIENTS, names: PODS, count: PODS } as const;
  const first = await list(PROTOBUF, 1);
  const lists: number[] = [];
  const gets: number[] = [];
  for (let run = 0; run < LOAD_RUNS; run++) {
    const inJson = summarize('', await list(JSON_TYPE, 10), 'ms');
    lists.push(inJson.value / summarize('', await list(PROTOBUF, 10), 'ms').value);
    const json = await runLoad(server, { ...get, accept: JSON_TYPE });
    gets.push(rateOf(await runLoad(server, { ...get, accept: PROTOBUF })) / rateOf(json));
  }
  return [
    summarize('api-protobuf-get', gets, 'x JSON'),
    summarize('api-protobuf-list', lists, 'x JSON'),
    summarize('api-protobuf-list-first', first, 'ms'),
  ];
}

/** Latency at a pace that leaves room, then how many updates a second all watchers keep up with. */
async function measureWatch(server: ServerProcess): Promise<Measurement[]> {
  const load = await newLoad(server);
  const names = 100;
  await runLoad(server, { kind: 'create', ...load, clients: CLIENTS, from: 0, count: names });
  const watch = { kind: 'watch', ...load, sessions: WATCHERS, watchers: WATCHERS, names } as const;
  await runLoad(server, { ...watch, ratePerSecond: 300, seconds: 3 });
  const calm = await runLoad(server, { ...watch, ratePerSecond: 100, seconds: 5 });
  const busy = await runLoad(server, { ...watch, ratePerSecond: 1000, seconds: 5 });
  return [
    summarize('api-watch-100', calm.latenciesMs, 'ms'),
    { metric: 'api-watch-updates-100', value: rateOf(busy), unit: '/s' },
    summarize('api-watch-100-at-1000', busy.latenciesMs, 'ms'),
  ];
}
