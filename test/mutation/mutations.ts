/**
 * Bugs as people make them, to be planted one at a time in the shipped source: what the swarm is there to find. Each is found
 * by one of the checkers that it names, within {@link SEEDS} seeds; what they do not find is a hole in what they check, or in
 * what the swarm draws, and mended there.
 *
 * Left out is what only a second bug would show. So a server that gives a Pod another node: the scheduler asks what became
 * of a binding before it decides anew.
 */
import { assert } from '../../src/base/assert.ts';

export const SEEDS = 200;
/** Virtual time of faults and actions in a run. */
export const CHAOS_MS = 8 * 60_000;
/** The name under which the swarm's user complains, beside those of checkers. */
export const USER = 'user';

export interface Mutation {
  name: string;
  /** What is wrong then. */
  bug: string;
  /** From the root of the repository. */
  file: string;
  /** Source text that is there exactly once. */
  find: string;
  replace: string;
  /** Any of them may be the one that finds it. */
  checkers: readonly string[];
  /** The seed that found it last, and is tried first. */
  caughtBy: number;
}

const STORE: readonly Mutation[] = [
  {
    name: 'publish-before-flush',
    bug: 'writers are answered and watchers told before the journal has flushed',
    file: 'src/store/commit-queue.ts',
    find: `this.#options.journal.commit({ records }).then(
      () => this.#onDurable(),`,
    replace: `const durable = this.#options.journal.commit({ records });
    Promise.resolve().then(() => this.#onDurable());
    durable.then(
      () => {},`,
    checkers: ['durable-state', 'acknowledged-writes'],
    caughtBy: 17,
  },
  {
    name: 'revision-given-again',
    bug: 'after a restart the revision is that of the newest object: that of a deletion is given again',
    file: 'src/store/load-state.ts',
    find: 'const revision = Math.max(FIRST_REVISION, snapshot.revision);',
    replace: `const living = [...heads.values()].filter(({ deleted }) => !deleted);
  const revision = living.reduce((newest, { revision: own }) => Math.max(newest, own), FIRST_REVISION);`,
    checkers: ['durable-state', 'broken-process'],
    caughtBy: 11,
  },
  {
    name: 'refusal-of-what-is-not-durable',
    bug: 'that a write changes nothing is answered before what it was compared with is durable',
    file: 'src/store/mvcc-store.ts',
    find: `      await allSettled(pending);
      return { object: current, changed: false };`,
    replace: '      return { object: current, changed: false };',
    checkers: ['acknowledged-writes', 'fresh-reads'],
    caughtBy: 4,
  },
  {
    name: 'forgotten-compaction',
    bug: 'a watch may go on from a revision whose history is gone',
    file: 'src/store/mvcc-store.ts',
    find: `    this.#compactedRevision = revision;
    for`,
    replace: '    for',
    checkers: ['watch-streams'],
    caughtBy: 1,
  },
  {
    name: 'resume-one-too-far',
    bug: 'a watch that goes on from a revision leaves out the first event after it',
    file: 'src/store/mvcc-store.ts',
    find: 'this.#history.after(revision, scope)',
    replace: 'this.#history.after(revision + 1, scope)',
    checkers: ['watch-streams'],
    caughtBy: 10,
  },
];

const SERVER_AND_CLIENT: readonly Mutation[] = [
  {
    name: 'service-without-its-address',
    bug: 'a Service is written, and its IPAddress is left to the loop that repairs',
    file: 'src/apiserver/registry/create.ts',
    find: 'companions: [...charges, ...addresses] };',
    replace: 'companions: charges };',
    checkers: ['service-addresses'],
    caughtBy: 1,
  },
  {
    name: 'address-without-its-service',
    bug: 'a Service is deleted, and its IPAddress stays',
    file: 'src/apiserver/registry/service-addresses.ts',
    find: '.filter((address) => !held.includes(address))',
    replace: '.filter((address) => after !== undefined && !held.includes(address))',
    checkers: ['service-addresses'],
    caughtBy: 3,
  },
  {
    name: 'swallowed-watch-error',
    bug: 'a watch that has fallen behind goes on without what it has missed, and says nothing',
    file: 'src/store/watcher.ts',
    find: 'this.fail(this.#owner.tooSlow());',
    replace: 'this.#bufferedEvents -= events.length;',
    checkers: ['watch-streams'],
    caughtBy: 21,
  },
  {
    name: 'expired-watch-resumed',
    bug: 'a client whose revision has expired asks for it again and again',
    file: 'src/client/reflector.ts',
    find: "hasReason(error, 'Expired', 'Gone') ? this.#fromScratch() : state",
    replace: 'state',
    checkers: ['watch-streams', 'workloads-ready', 'route-readiness'],
    caughtBy: 120,
  },
  {
    name: 'deletions-missed-by-relist',
    bug: 'what was deleted while a client was cut off stays in its copy',
    file: 'src/client/informer-cache.ts',
    find: 'if (!next.has(recentKeyOf(known))) this.remove(known);',
    replace: 'next.has(recentKeyOf(known));',
    checkers: [USER, 'workloads-ready', 'ownership', 'orphan-containers', 'services-routed'],
    caughtBy: 7,
  },
  {
    name: 'stale-update-accepted',
    bug: 'an update overwrites what has changed since it was read',
    file: 'src/apiserver/registry/update.ts',
    find: 'if (sent.resourceVersion !== old.metadata.resourceVersion) throw newConflict(row, name, MODIFIED);',
    replace: '',
    checkers: ['single-leader'],
    caughtBy: 45,
  },
  {
    name: 'lease-by-the-wall-clock',
    bug: "a candidate compares another's time of renewal with its own wall clock",
    file: 'src/client/leader-election.ts',
    find: 'clock.monotonicMs() - this.#observedAtMs < leaseDurationMs',
    replace: "clock.now() - Date.parse(live.spec.renewTime ?? '') < leaseDurationMs",
    checkers: ['single-leader'],
    caughtBy: 56,
  },
];

const CONTROLLERS: readonly Mutation[] = [
  {
    name: 'creation-not-expected',
    bug: 'a controller counts only the Pods that its cache shows, not those that it has just made',
    file: 'src/controllers/framework/pod-control.ts',
    find: 'expectations.created(ownerUid, created);',
    replace: '',
    checkers: ['replica-bound'],
    caughtBy: 1,
  },
  {
    name: 'lost-answer-forgotten',
    bug: 'a creation whose answer was lost is made again under another name',
    file: 'src/controllers/framework/pod-control.ts',
    find: "if (!hasReason(error, 'AlreadyExists')) expectations.creationUnknown(ownerUid, name);",
    replace: '',
    checkers: ['replica-bound'],
    caughtBy: 8,
  },
  {
    name: 'one-more-unavailable',
    bug: 'a rolling update takes away one Pod more than maxUnavailable allows',
    file: 'src/controllers/deployment/rolling-update.ts',
    find: 'const minAvailable = desiredReplicas(deployment) - maxUnavailableOf(deployment);',
    replace: 'const minAvailable = desiredReplicas(deployment) - maxUnavailableOf(deployment) - 1;',
    checkers: ['rollout-bound'],
    caughtBy: 1,
  },
  {
    name: 'one-more-surge',
    bug: 'a rolling update makes one Pod more than maxSurge allows',
    file: 'src/controllers/deployment/rolling-update.ts',
    find: 'const room = desired + maxSurgeOf(deployment) - totalSize([...old, current]);',
    replace: 'const room = desired + maxSurgeOf(deployment) - totalSize([...old, current]) + 1;',
    checkers: ['rollout-bound'],
    caughtBy: 1,
  },
  {
    name: 'one-more-disruption',
    bug: 'a budget allows one disruption too many',
    file: 'src/controllers/disruption/reconcile.ts',
    find: 'Math.max(0, currentHealthy - desiredHealthy)',
    replace: 'Math.max(0, currentHealthy - desiredHealthy + 1)',
    checkers: ['disruption-budget'],
    caughtBy: 10,
  },
  {
    name: 'eviction-not-charged',
    bug: 'an eviction does not count against its budget until the Pod is seen to go',
    file: 'src/apiserver/subresources/evaluate-eviction.ts',
    find: `    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...status.disruptedPods, [podName]: now },`,
    replace: '',
    checkers: ['disruption-budget'],
    caughtBy: 45,
  },
  {
    name: 'one-owner-of-two-gone',
    bug: 'the garbage collector deletes what has lost one of its owners, although another lives',
    file: 'src/controllers/garbage-collector/reconcile.ts',
    find: "if (inState('solid').length > 0) {",
    replace: "if (inState('solid').length === references.length) {",
    checkers: ['ownership'],
    caughtBy: 10,
  },
  {
    name: 'namesake-taken-for-the-owner',
    bug: 'an owner that was deleted and created again under its name counts as the same',
    file: 'src/controllers/garbage-collector/controller.ts',
    find: "if (owner?.metadata.uid !== reference.uid) return 'gone';",
    replace: "if (owner === undefined) return 'gone';",
    checkers: ['ownership'],
    caughtBy: 3,
  },
  {
    name: 'heartbeat-by-the-nodes-clock',
    bug: "a node's silence is counted from what its own wall clock says",
    file: 'src/controllers/node-lifecycle/controller.ts',
    find: 'const heard = (lease: Lease) => this.#heartbeats.heard(lease.metadata.name, this.#nowMs());',
    replace: `const heard = (lease: Lease) => {
      const agoMs = this.#context.clock.now() - Date.parse(lease.spec.renewTime ?? '');
      this.#heartbeats.heard(lease.metadata.name, this.#nowMs() - agoMs);
    };`,
    checkers: ['node-silence'],
    caughtBy: 28,
  },
  {
    name: 'unready-pods-published',
    bug: 'endpoint slices call every Pod ready',
    file: 'src/controllers/endpointslice/endpoint.ts',
    find: 'const serving = isPodReady(pod);',
    replace: 'const serving = true;',
    checkers: ['services-routed', 'route-readiness'],
    caughtBy: 1,
  },
  {
    name: 'readiness-not-heard',
    bug: 'that a Pod became ready, or ceased to be, is no reason to look at its slices',
    file: 'src/controllers/endpointslice/endpoint.ts',
    find: '    isPodReady(pod) !== isPodReady(previous) ||\n',
    replace: '',
    checkers: ['services-routed', 'route-readiness'],
    caughtBy: 1,
  },
  {
    name: 'untolerated-taint-ignored',
    bug: 'a Pod stays on a node with a NoExecute taint that it does not tolerate',
    file: 'src/controllers/taint-eviction/reconcile.ts',
    find: 'if (used === undefined) return 0;',
    replace: 'if (used === undefined) continue;',
    checkers: ['taint-eviction'],
    caughtBy: 5,
  },
];

const NODES_AND_SCHEDULER: readonly Mutation[] = [
  {
    name: 'back-off-does-not-grow',
    bug: 'a container that fails again and again waits no longer than the first time',
    file: 'src/kubelet/restart-backoff.ts',
    find: 'carryMs: Math.min(carriedMs * 2, curve.maxMs)',
    replace: 'carryMs: curve.baseMs',
    checkers: ['restart-backoff'],
    caughtBy: 1,
  },
  {
    name: 'pod-gone-before-its-containers',
    bug: 'an agent calls a Pod ended as soon as it is to end, while its containers run',
    file: 'src/kubelet/plan-termination.ts',
    find: `    observed.inFlight.size === 0 &&
    observed.containers.every(({ state }) => state === 'exited' || state === 'created') &&
    observed.sandboxes.every(({ state }) => state === 'notready')`,
    replace: '    observed.inFlight.size === 0',
    checkers: ['orphan-containers'],
    caughtBy: 1,
  },
  {
    name: 'orphans-not-swept',
    bug: 'an agent leaves alone what runs of Pods that were removed while it was away',
    file: 'src/kubelet/housekeeping.ts',
    find: 'for (const uid of observer.podUids()) {',
    replace: 'for (const uid of [] as string[]) {',
    checkers: ['orphan-containers'],
    caughtBy: 4,
  },
  {
    name: 'liveness-ignored',
    bug: 'a container that hangs is not replaced',
    file: 'src/kubelet/plan-running-container.ts',
    find: "observed.probes.get(containerId, 'liveness') === 'failure'",
    replace: "observed.probes.get(containerId, 'liveness') === 'unknown'",
    checkers: [USER, 'workloads-ready'],
    caughtBy: 1,
  },
  {
    name: 'requests-ignored',
    bug: 'the scheduler binds Pods to a node that has no room for them',
    file: 'src/scheduler/filters/node-resources-fit.ts',
    find: 'if (amount > (allocatable.get(name) ?? 0) - (requested.get(name) ?? 0)) return false;',
    replace: 'if (amount > (allocatable.get(name) ?? 0)) return false;',
    checkers: ['placement'],
    caughtBy: 1,
  },
  {
    name: 'taint-ignored',
    bug: 'the scheduler binds Pods to a node with a NoSchedule taint',
    file: 'src/scheduler/filters/taint-toleration.ts',
    find: "['NoSchedule', 'NoExecute']",
    replace: "['NoExecute']",
    checkers: ['placement'],
    caughtBy: 5,
  },
  {
    name: 'unready-pods-routed',
    bug: 'a node sends traffic to Pods that are not ready',
    file: 'src/network/routing-table.ts',
    find: 'const ready = eligible.filter((candidate) => candidate.isReady);',
    replace: 'const ready = eligible;',
    checkers: ['services-routed', 'route-readiness'],
    caughtBy: 1,
  },
];

export const MUTATIONS: readonly Mutation[] = [
  ...STORE,
  ...SERVER_AND_CLIENT,
  ...CONTROLLERS,
  ...NODES_AND_SCHEDULER,
];

/** `source` with the bug in it. @throws AssertionError when the mutation is stale: what it changes is not there, or twice */
export function plantIn(source: string, { name, file, find, replace }: Mutation): string {
  const occurrences = source.split(find).length - 1;
  assert(occurrences === 1, `the mutation ${name} is stale: its text is ${occurrences} times in ${file}`);
  return source.replace(find, () => replace);
}
