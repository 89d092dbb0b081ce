import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Container, Pod } from '../api/generated/core-v1.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import { BACKOFF_ANNOTATION, byNewest, containerHash, HASH_ANNOTATION } from './container-identity.ts';
import { planPod } from './plan-pod.ts';
import { planTermination } from './plan-termination.ts';
import type { PodObservation, ProbeType } from './pod-observation.ts';

const NOW = 1_000_000;

function podOf(spec: Partial<Omit<Pod['spec'], 'containers'>> & { containers?: Partial<Container>[] }): Pod {
  const named = (list: Partial<Container>[] | undefined, name: string) =>
    list?.map((container): Container => ({ name, image: 'app', ...container }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { ...spec, containers: named(spec.containers ?? [{}], 'web')! },
  };
}

function instance(
  over: Partial<ContainerStatus> & { name?: string; attempt?: number; backoffMs?: number },
): ContainerStatus {
  const { attempt = 0, backoffMs = 0, name = 'web', ...rest } = over;
  return {
    id: `${name}-${attempt}`,
    sandboxId: 's0',
    metadata: { name, attempt },
    image: 'app',
    imageId: 'app',
    state: 'running',
    createdAtMs: NOW - 60_000,
    startedAtMs: NOW - 60_000,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    labels: {},
    annotations: {
      [HASH_ANNOTATION]: containerHash({ name, image: 'app' }),
      [BACKOFF_ANNOTATION]: String(backoffMs),
    },
    ...rest,
  };
}

const exited = (exitCode: number, over: Parameters<typeof instance>[0] = {}) =>
  instance({ state: 'exited', exitCode, finishedAtMs: NOW - 1000, ...over });

const SANDBOX = {
  id: 's0',
  state: 'ready' as const,
  ip: '10.0.0.1',
  createdAtMs: 0,
  metadata: { name: 'web-1', namespace: 'default', uid: 'u', attempt: 0 },
  labels: {},
  annotations: {},
};

function seen(
  over: Partial<PodObservation> & { failing?: Partial<Record<ProbeType, string>> } = {},
): PodObservation {
  const { failing = {}, ...rest } = over;
  return {
    sandboxes: [SANDBOX],
    containers: [],
    nowMs: NOW,
    probes: { get: (id, type) => (failing[type] === id ? 'failure' : 'success') },
    inFlight: new Set(),
    startFailures: new Map(),
    postStartPending: new Set(),
    killedForChange: new Set(),
    volumesReady: true,
    resizing: undefined,
    sandboxRetryAtMs: 0,
    volumesRetryAtMs: 0,
    ...rest,
  };
}

const actions = (pod: Pod, observed: PodObservation) =>
  planPod(pod, observed).actions.map((action) =>
    'name' in action ? `${action.do} ${action.name}` : action.do,
  );

test('planPod mounts volumes, then runs the sandbox, then starts the containers', () => {
  const pod = podOf({});
  assert.deepEqual(actions(pod, seen({ sandboxes: [], volumesReady: false })), ['mountVolumes']);
  assert.deepEqual(actions(pod, seen({ sandboxes: [] })), ['runSandbox']);
  assert.deepEqual(planPod(pod, seen()).actions, [
    { do: 'startContainer', name: 'web', sandboxId: 's0', attempt: 0, backoffMs: 0 },
  ]);
});

test('planPod says why there is nothing to do', () => {
  const plan = planPod(podOf({}), seen({ containers: [instance({})] }));
  assert.deepEqual(plan.actions, []);
  assert.equal(plan.idle, 'everything runs as it should, or waits for its time');
});

test('planPod restarts at once after the first exit, and makes the next one wait', () => {
  const first = planPod(podOf({}), seen({ containers: [exited(1)] }));
  assert.deepEqual(first.actions, [
    { do: 'startContainer', name: 'web', sandboxId: 's0', attempt: 1, backoffMs: 10_000 },
  ]);
  const second = planPod(podOf({}), seen({ containers: [exited(1, { attempt: 1, backoffMs: 10_000 })] }));
  assert.deepEqual(second.actions, []);
  assert.equal(second.replanAtMs, NOW - 1000 + 10_000);
  assert.deepEqual(second.waiting.get('web'), {
    reason: 'CrashLoopBackOff',
    message: 'back-off 10s restarting failed container=web pod=web-1_default(u)',
  });
});

test('planPod hands the back-off on from a container that was created and never started', () => {
  const created = instance({ state: 'created', attempt: 2, backoffMs: 20_000 });
  const { actions } = planPod(
    podOf({}),
    seen({ containers: [created, exited(1, { attempt: 1, backoffMs: 10_000 })] }),
  );
  assert.deepEqual(actions, [
    { do: 'startContainer', name: 'web', sandboxId: 's0', attempt: 3, backoffMs: 20_000 },
  ]);
});

test('planPod lifts the back-off when kintsugi.dev/retry changes, and follows a curve of the Pod', () => {
  const crashed = seen({ containers: [exited(1, { attempt: 3, backoffMs: 160_000 })] });
  const pod = podOf({});
  assert.deepEqual(actions(pod, crashed), []);
  pod.metadata.annotations = { 'kintsugi.dev/retry': 'now' };
  assert.deepEqual(actions(pod, crashed), ['startContainer web']);
  pod.metadata.annotations = { 'kintsugi.dev/restart-backoff': '1s..60s' };
  assert.equal(planPod(pod, crashed).replanAtMs, NOW - 1000 + 60_000);
});

test('planPod follows restartPolicy and the rules of the container', () => {
  const done = seen({ containers: [exited(0)] });
  const failed = seen({ containers: [exited(42)] });
  assert.deepEqual(actions(podOf({ restartPolicy: 'OnFailure' }), done), ['finish']);
  assert.deepEqual(actions(podOf({ restartPolicy: 'OnFailure' }), failed), ['startContainer web']);
  assert.deepEqual(actions(podOf({ restartPolicy: 'Never' }), failed), ['finish']);
  const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
  const ruled = podOf({
    restartPolicy: 'Never',
    containers: [{ restartPolicy: 'Never', restartPolicyRules: rules }],
  });
  assert.deepEqual(actions(ruled, failed), ['startContainer web']);
  assert.deepEqual(actions(ruled, seen({ containers: [exited(1)] })), ['finish']);
});

test('planPod kills for a failed probe and for a changed image, with the words of upstream', () => {
  const containers = [instance({})];
  const kill = (observed: PodObservation, pod = podOf({})) => planPod(pod, observed).actions;
  const base = { do: 'killContainer' as const, name: 'web', containerId: 'web-0' };
  assert.deepEqual(kill(seen({ containers, failing: { liveness: 'web-0' } })), [
    { ...base, reason: 'LivenessProbe', message: 'Container web failed liveness probe, will be restarted' },
  ]);
  assert.deepEqual(
    kill(seen({ containers, failing: { startup: 'web-0' } }), podOf({ restartPolicy: 'Never' })),
    [{ ...base, reason: 'StartupProbe', message: 'Container web failed startup probe' }],
  );
  assert.deepEqual(kill(seen({ containers }), podOf({ containers: [{ image: 'app:2' }] })), [
    { ...base, reason: 'DefinitionChanged', message: 'Container web definition changed, will be restarted' },
  ]);
});

test('planPod runs init containers in order and waits for a sidecar to have started', () => {
  const initContainers: Container[] = [
    { name: 'a', image: 'app' },
    { name: 'side', image: 'app', restartPolicy: 'Always' },
    { name: 'b', image: 'app' },
  ];
  const pod = podOf({ initContainers });
  const a = exited(0, { name: 'a' });
  const side = instance({ name: 'side' });
  assert.deepEqual(actions(pod, seen()), ['startContainer a']);
  assert.deepEqual(actions(pod, seen({ containers: [instance({ name: 'a' })] })), []);
  assert.deepEqual(actions(pod, seen({ containers: [a] })), ['startContainer side']);
  assert.deepEqual(actions(pod, seen({ containers: [side, a] })), ['startContainer b']);
  const notStarted = seen({ containers: [side, a], probes: { get: () => 'unknown' } });
  assert.deepEqual(actions(pod, notStarted), []);
  const b = exited(0, { name: 'b' });
  assert.deepEqual(actions(pod, seen({ containers: [b, side, a] })), ['startContainer web']);
});

test('planPod keeps sidecars running after initialisation and never repeats what has succeeded', () => {
  const initContainers: Container[] = [
    { name: 'a', image: 'app' },
    { name: 'side', image: 'app', restartPolicy: 'Always' },
  ];
  const pod = podOf({ initContainers });
  const containers = [instance({}), exited(0, { name: 'side' })];
  assert.deepEqual(actions(pod, seen({ containers })), ['startContainer side']);
});

test('planPod fails the Pod when an init container fails and may not try again', () => {
  const pod = podOf({ restartPolicy: 'Never', initContainers: [{ name: 'a', image: 'app' }] });
  assert.deepEqual(actions(pod, seen({ containers: [exited(1, { name: 'a' })] })), ['finish']);
});

test('planPod starts everything again in a new sandbox when the old one is gone', () => {
  const dead = { ...SANDBOX, state: 'notready' as const };
  const pod = podOf({});
  assert.deepEqual(actions(pod, seen({ sandboxes: [dead], containers: [instance({})] })), [
    'killContainer web',
  ]);
  const plan = planPod(pod, seen({ sandboxes: [dead], containers: [exited(137)] }));
  assert.deepEqual(plan.actions, [{ do: 'runSandbox', attempt: 1 }]);
  const finished = podOf({ restartPolicy: 'Never' });
  assert.deepEqual(actions(finished, seen({ sandboxes: [dead], containers: [exited(0)] })), ['finish']);
});

test('planPod counts on from the API where the runtime has lost a container', () => {
  const pod = podOf({});
  const known = {
    name: 'web',
    ready: true,
    restartCount: 4,
    image: 'app',
    imageID: '',
    containerID: 'process://x',
  };
  pod.status = { containerStatuses: [known] };
  const [action] = planPod(pod, seen()).actions;
  assert.equal(action?.do === 'startContainer' && action.attempt, 5);
});

test('planPod keeps the newest dead instance and the one before it', () => {
  const containers = [
    instance({ attempt: 3 }),
    exited(1, { attempt: 2 }),
    exited(1, { attempt: 1 }),
    exited(1),
  ];
  assert.deepEqual(planPod(podOf({}), seen({ containers })).actions, [
    { do: 'removeContainer', containerId: 'web-1' },
    { do: 'removeContainer', containerId: 'web-0' },
  ]);
});

test('planPod starts an ephemeral container once and never again', () => {
  const pod = podOf({ ephemeralContainers: [{ name: 'debug', image: 'app' }] });
  const web = instance({});
  assert.deepEqual(actions(pod, seen({ containers: [web] })), ['startContainer debug']);
  assert.deepEqual(actions(pod, seen({ containers: [web, exited(1, { name: 'debug' })] })), []);
});

test('planTermination stops containers first, then the sandbox', () => {
  const stopping = planTermination(seen({ containers: [instance({})] }));
  assert.deepEqual(stopping.actions, [
    {
      do: 'killContainer',
      name: 'web',
      containerId: 'web-0',
      reason: 'Stopping',
      message: 'Stopping container web',
    },
  ]);
  assert.deepEqual(planTermination(seen({ containers: [exited(0)] })).actions, [
    { do: 'stopSandbox', sandboxId: 's0' },
  ]);
});

test('planPod takes at most one action per container and none for one in flight', () => {
  const state = fc.constantFrom('created', 'running', 'exited', 'unknown');
  const some = fc.array(
    fc.tuple(fc.constantFrom('init', 'side', 'web', 'two'), state, fc.integer({ min: 0, max: 3 }), fc.nat(2)),
  );
  const inFlight = fc.subarray(['init', 'side', 'web', 'two']);
  fc.assert(
    fc.property(
      some,
      inFlight,
      fc.constantFrom('Always', 'OnFailure', 'Never'),
      fc.boolean(),
      (list, busy, restartPolicy, alive) => {
        const containers = list
          .map(([name, value, attempt, exitCode]) =>
            instance({
              name,
              attempt,
              exitCode,
              state: value as ContainerStatus['state'],
              finishedAtMs: value === 'exited' ? NOW - 1 : 0,
            }),
          )
          .sort(byNewest);
        const pod = podOf({
          restartPolicy,
          initContainers: [
            { name: 'init', image: 'app' },
            { name: 'side', image: 'app', restartPolicy: 'Always' },
          ],
          containers: [{ name: 'web' }, { name: 'two' }],
        });
        const sandboxes = [{ ...SANDBOX, state: alive ? ('ready' as const) : ('notready' as const) }];
        const observed = seen({ containers, sandboxes, inFlight: new Set(busy) });
        const plan = planPod(pod, observed);
        const names = plan.actions.flatMap((action) => ('name' in action ? [action.name] : []));
        if (alive) assert.equal(new Set(names).size, names.length);
        assert.ok(names.every((name) => !busy.includes(name)));
        assert.deepEqual(planPod(pod, observed), plan);
      },
    ),
  );
});
