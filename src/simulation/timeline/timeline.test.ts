import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PODS } from '../../api/resources.ts';
import type { StoredValue } from '../../store/store.ts';
import { SIMULATION_START_MS } from '../sim-clock.ts';
import { World } from '../world/world.ts';
import type { Observation } from '../world/world-event.ts';
import { formatTimeline, formatTimelineJson } from './format-timeline.ts';
import { recordTimeline, Timeline } from './timeline.ts';
import type { TimelineFilter } from './timeline-filter.ts';

const REPLICASET_CONTROLLER = 'system:serviceaccount:kube-system:replicaset-controller';

/** Tells a timeline things of a world that is not there. */
class Script {
  readonly timeline: Timeline;
  #revision = 0;
  #atMs = SIMULATION_START_MS;
  readonly #objects = new Map<string, StoredValue>();

  constructor(options: { filter?: TimelineFilter; firstMax?: number; lastMax?: number } = {}) {
    this.timeline = new Timeline({ startMs: SIMULATION_START_MS, ...options });
  }

  get text(): string {
    return formatTimeline(this.timeline.entries());
  }

  at(offsetMs: number): this {
    this.#atMs = SIMULATION_START_MS + offsetMs;
    return this;
  }

  tell(observation: Observation): this {
    this.timeline.record({ atMs: this.#atMs, ...observation } as never);
    return this;
  }

  commit(key: string, object: object | undefined): this {
    const previous = this.#objects.get(key);
    const revision = ++this.#revision;
    const { metadata, ...rest } = (object ?? previous) as { metadata?: object };
    const stored = { ...rest, metadata: { ...metadata, resourceVersion: String(revision) } } as StoredValue;
    this.#objects.set(key, stored);
    const type = object === undefined ? 'delete' : 'put';
    return this.tell({ kind: 'commit', revision, key, type, object: stored, previous });
  }

  /** As {@link commit}, and then who asked for it. */
  write(
    { user, method, path, key }: Record<'user' | 'method' | 'path' | 'key', string>,
    object?: object,
  ): this {
    this.commit(key, object);
    return this.answer({ user, method, path }, 200, this.#objects.get(key));
  }

  answer(
    { user, method, path }: Record<'user' | 'method' | 'path', string>,
    status: number,
    answer: unknown,
  ): this {
    return this.tell({
      kind: 'request',
      process: 'user',
      user,
      sentMs: 0,
      method,
      path,
      status,
      answer,
    });
  }

  kubernetesEvent(key: string, reason: string, message: string): this {
    return this.commit(`/registry/events/default/${key}`, {
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'web-1', uid: 'uid-1' },
      reason,
      message,
      source: { component: 'kubelet', host: 'node-1' },
    });
  }
}

const POD_KEY = '/registry/pods/default/web-1';
const pod = (status: object, spec: object = { nodeName: 'node-1' }) => ({
  metadata: { uid: 'uid-1', name: 'web-1', namespace: 'default' },
  spec: { containers: [{ name: 'web', image: 'web' }], ...spec },
  status,
});
const creation = {
  user: REPLICASET_CONTROLLER,
  method: 'POST',
  path: '/api/v1/namespaces/default/pods',
  key: POD_KEY,
};
const statusOfNode1 = {
  user: 'system:node:node-1',
  method: 'PATCH',
  path: '/api/v1/namespaces/default/pods/web-1/status',
  key: POD_KEY,
};
const container = {
  kind: 'container',
  node: 'node-1',
  podUid: 'uid-1',
  containerId: 'c',
  name: 'web',
} as const;

test('formatTimeline tells a run as a story: when, who, what, of which object, and why', () => {
  const script = new Script()
    .at(0)
    .tell({ kind: 'process', process: 'control-plane/server', what: 'ready' })
    .at(1000)
    .write(creation, pod({ phase: 'Pending' }, {}))
    .commit(POD_KEY, pod({ phase: 'Pending' }))
    .answer(
      {
        user: 'system:kube-scheduler',
        method: 'POST',
        path: '/api/v1/namespaces/default/pods/web-1/binding',
      },
      201,
      { kind: 'Status', metadata: {} },
    )
    .tell({ ...container, type: 'created', attempt: 0 })
    .tell({ ...container, type: 'started', attempt: 0 })
    .write(statusOfNode1, pod({ phase: 'Running' }))
    .at(62_500)
    .tell({ kind: 'fault', fault: 'cut', what: 'begins', parameters: { node: 'node-1', chance: 0.5 } })
    .at(151_250)
    .tell({ ...container, type: 'stopped', attempt: 0, exitCode: 137, reason: 'OOMKilled' })
    .kubernetesEvent('web-1.1', 'BackOff', 'Back-off restarting failed container web')
    .at(161_250)
    .tell({ ...container, type: 'started', attempt: 1 })
    .at(3_600_000)
    .tell({
      kind: 'log',
      process: 'control-plane/server',
      level: 'warn',
      message: 'sync failed',
      fields: { key: 'default/web', error: new Error('no way') },
    })
    .answer({ user: 'admin', method: 'POST', path: '/api/v1/namespaces/default/pods/web-1/eviction' }, 429, {
      kind: 'Status',
      reason: 'TooManyRequests',
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
    })
    .at(90_061_001)
    .tell({ kind: 'fault', fault: 'cut', what: 'ends', parameters: { node: 'node-1', chance: 0.5 } });

  assert.equal(
    script.text,
    `\
+00:00:00.000  control-plane/server   ready
+00:00:01.000  replicaset-controller  create      pod/web-1  images web, phase Pending
+00:00:01.000  scheduler              bind        pod/web-1  node node-1
+00:00:01.000  node-1                 started     pod/web-1  web
+00:00:01.000  node-1/agent           status      pod/web-1  phase Pending -> Running
+00:01:02.500  fault                  cut begins             node node-1, chance 0.5
+00:02:31.250  node-1                 exited      pod/web-1  web: 137 OOMKilled
+00:02:31.250  node-1/agent           BackOff     pod/web-1  Back-off restarting failed container web
+00:02:41.250  node-1                 started     pod/web-1  web (restart 1)
+01:00:00.000  control-plane/server   warn                   sync failed: key default/web, error no way
+01:00:00.000  user                   evict       pod/web-1  429 TooManyRequests: Cannot evict pod as it would violate the pod's disruption budget.
+25:01:01.001  fault                  cut ends
`,
  );
});

test('formatTimelineJson gives one entry a line, in a shape that stays', () => {
  const script = new Script()
    .at(1500)
    .write(creation, pod({ phase: 'Pending' }))
    .kubernetesEvent('web-1.1', 'BackOff', 'Back-off')
    .at(11_500)
    .kubernetesEvent('web-1.1', 'BackOff', 'Back-off');
  assert.equal(
    formatTimelineJson(script.timeline.entries()),
    `\
{"at":"+00:00:01.500","atMs":1500,"kind":"change","who":"replicaset-controller","what":"create","object":"pod/web-1","node":"node-1","text":"images web, node node-1, phase Pending"}
{"at":"+00:00:01.500","atMs":1500,"kind":"event","who":"node-1/agent","what":"BackOff","object":"pod/web-1","node":"node-1","text":"Back-off","times":2,"lastAtMs":11500}
`,
  );
});

test('Timeline tells no heartbeats, no reads and no expiry of Events', () => {
  const script = new Script()
    .kubernetesEvent('web-1.1', 'Started', 'Container started')
    .at(3_600_000)
    .commit('/registry/events/default/web-1.1', undefined)
    .commit('/registry/leases/kube-node-lease/node-1', { spec: { renewTime: '1' } })
    .answer({ user: 'admin', method: 'GET', path: '/api/v1/pods?watch=true' }, 200, undefined);
  assert.deepEqual(
    script.timeline.entries().map(({ what }) => what),
    ['Started'],
  );
});

test('Timeline counts what is said again soon, and tells it anew when it comes back later', () => {
  const script = new Script();
  const warn = {
    kind: 'log',
    process: 'node-1/agent',
    level: 'warn',
    message: 'cannot renew the lease',
    fields: {},
  } as const;
  for (const atMs of [0, 10_000, 20_000, 600_000]) script.at(atMs).tell(warn);
  assert.equal(
    script.text,
    `\
+00:00:00.000  node-1/agent  warn    cannot renew the lease (3 times, last at +00:00:20.000)
+00:10:00.000  node-1/agent  warn    cannot renew the lease
`,
  );
});

test('Timeline joins writes of one sender at one instant, but not across those of another', () => {
  const script = new Script().at(0).write(creation, pod({ phase: 'Pending' }));
  script.at(1000).write(statusOfNode1, pod({ phase: 'Pending', reason: 'A' }));
  script.write(statusOfNode1, pod({ phase: 'Running', reason: 'B' }));
  script.write({ ...statusOfNode1, user: 'admin' }, pod({ phase: 'Failed' }));
  script.write(statusOfNode1, pod({ phase: 'Running' }));
  assert.deepEqual(
    script.timeline
      .entries()
      .slice(1)
      .map(({ who, text }) => `${who}: ${text}`),
    [
      'node-1/agent: phase Pending -> Running (B)',
      'user: phase Running (B) -> Failed',
      'node-1/agent: phase Failed -> Running',
    ],
  );
});

test('Timeline says that the server itself wrote what no request asked for, and counts a crowd', () => {
  const script = new Script().at(0);
  for (let i = 0; i < 40; i++) script.commit(`/registry/configmaps/default/c${i}`, { data: {} });
  script.at(1).commit('/registry/configmaps/default/alone', { data: { a: '1' } });
  assert.equal(
    script.text,
    `\
+00:00:00.000  control-plane/server  write                    40 objects of its own
+00:00:00.001  control-plane/server  create  configmap/alone  data a
`,
  );
});

test('Timeline keeps the beginning and the end of a run that is too long', () => {
  const script = new Script({ firstMax: 2, lastMax: 3 });
  for (let i = 0; i < 10; i++) script.at(i).tell({ ...container, type: 'started', attempt: i });
  assert.deepEqual(
    script.timeline.entries().map(({ atMs, kind, text }) => [atMs, kind === 'gap' ? text : kind]),
    [
      [0, 'container'],
      [1, 'container'],
      [1, '5 entries are left out here'],
      [7, 'container'],
      [8, 'container'],
      [9, 'container'],
    ],
  );
});

test('Timeline keeps only what its filter selects', () => {
  const script = new Script({ filter: { objects: ['pod/web-*'], kinds: ['change'] } })
    .write(creation, pod({ phase: 'Pending' }))
    .kubernetesEvent('web-1.1', 'Started', 'Container started')
    .commit('/registry/configmaps/default/other', {});
  assert.deepEqual(
    script.timeline.entries().map(({ object, what }) => [object, what]),
    [['pod/web-1', 'create']],
  );
});

test('recordTimeline tells a world from its start', async () => {
  const world = new World({ seed: 1, nodes: [{ name: 'node-1' }], programs: { web: { preloaded: true } } });
  const timeline = recordTimeline(world);
  await world.start();
  await world.advance(1000);
  const spec = { containers: [{ name: 'web', image: 'web' }] };
  const creating = world
    .client()
    .create(
      PODS,
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec },
      new AbortController().signal,
    );
  await world.advance(1000);
  await creating;
  await world.stop();
  const told = timeline
    .entries()
    .filter(({ object, kind }) => object === 'pod/web' && kind !== 'event')
    .map(({ atMs, who, what }) => `${atMs} ${who} ${what}`);
  assert.deepEqual(told, [
    '1000 user create',
    '1000 scheduler bind',
    '1000 node-1 started',
    '1000 node-1/agent status',
    '2000 node-1 exited',
  ]);
});
