/** All checkers by name, and how they are set upon a world. */

import { assert } from '../../base/assert.ts';
import type { World } from '../world/world.ts';
import { newAcknowledgedWritesChecker } from './acknowledged-writes.ts';
import { newBrokenProcessChecker } from './broken-process.ts';
import { CalmTime } from './calm-time.ts';
import type { CheckedCluster, Checker, CheckerFactory, Violation } from './checker.ts';
import { newDisruptionBudgetChecker } from './disruption-budget.ts';
import { newDurableStateChecker } from './durable-state.ts';
import { newFreshReadsChecker } from './fresh-reads.ts';
import { newLeftoversChecker } from './leftovers.ts';
import { newNodeSilenceChecker } from './node-silence.ts';
import { newNodesReadyChecker } from './nodes-ready.ts';
import { newOrphanContainersChecker } from './orphan-containers.ts';
import { newOwnershipChecker } from './ownership.ts';
import { newPlacementChecker } from './placement.ts';
import { PodBook } from './pod-book.ts';
import { newPodStatusChecker } from './pod-status.ts';
import { newQuotaBoundChecker } from './quota-bound.ts';
import { newReplicaBoundChecker } from './replica-bound.ts';
import { newRestartBackoffChecker } from './restart-backoff.ts';
import { newRevisionsChecker } from './revisions.ts';
import { newRolloutBoundChecker } from './rollout-bound.ts';
import { newRouteReadinessChecker } from './route-readiness.ts';
import { newServiceAddressesChecker } from './service-addresses.ts';
import { newServicesRoutedChecker } from './services-routed.ts';
import { newSingleLeaderChecker } from './single-leader.ts';
import { newSingleRunChecker } from './single-run.ts';
import { newStatefulSetIdentityChecker } from './statefulset-identity.ts';
import { newTaintEvictionChecker } from './taint-eviction.ts';
import { WantedScale } from './wanted-scale.ts';
import { newWatchStreamsChecker } from './watch-streams.ts';
import { newWorkloadsReadyChecker } from './workloads-ready.ts';

export const CHECKERS: Readonly<Record<string, CheckerFactory>> = {
  'broken-process': newBrokenProcessChecker,
  revisions: newRevisionsChecker,
  'acknowledged-writes': newAcknowledgedWritesChecker,
  'durable-state': newDurableStateChecker,
  'fresh-reads': newFreshReadsChecker,
  'watch-streams': newWatchStreamsChecker,
  'replica-bound': newReplicaBoundChecker,
  'rollout-bound': newRolloutBoundChecker,
  'statefulset-identity': newStatefulSetIdentityChecker,
  'disruption-budget': newDisruptionBudgetChecker,
  'quota-bound': newQuotaBoundChecker,
  'service-addresses': newServiceAddressesChecker,
  'single-leader': newSingleLeaderChecker,
  ownership: newOwnershipChecker,
  'pod-status': newPodStatusChecker,
  'single-run': newSingleRunChecker,
  'restart-backoff': newRestartBackoffChecker,
  'orphan-containers': newOrphanContainersChecker,
  'route-readiness': newRouteReadinessChecker,
  'node-silence': newNodeSilenceChecker,
  'taint-eviction': newTaintEvictionChecker,
  placement: newPlacementChecker,
  'workloads-ready': newWorkloadsReadyChecker,
  'nodes-ready': newNodesReadyChecker,
  'services-routed': newServicesRoutedChecker,
  leftovers: newLeftoversChecker,
};

/** What is kept of violations; those that follow are counted by none: the first ones tell. */
const VIOLATIONS_MAX = 1000;

export interface AttachedCheckers {
  /** In order of time; grows while the world runs. */
  readonly violations: readonly Violation[];
  /** Why what is desired is not observed, each line with its checker's name. Meant for when faults have stopped. */
  unconverged(): string[];
  /** Nothing is checked any more. */
  detach(): void;
}

/**
 * Checks everything that happens in `world` from now on.
 *
 * @param names  rows of {@link CHECKERS}; default all
 * @throws AssertionError for a name that is not there
 */
export function attachCheckers(
  world: World,
  names: readonly string[] = Object.keys(CHECKERS),
): AttachedCheckers {
  const chosen = names.map((name) => {
    const factory = CHECKERS[name];
    assert(
      factory !== undefined,
      `there is no checker "${name}"; there are: ${Object.keys(CHECKERS).join(', ')}`,
    );
    return [name, factory] as const;
  });
  return attach(world, chosen);
}

function attach(world: World, chosen: readonly (readonly [string, CheckerFactory])[]): AttachedCheckers {
  const violations: Violation[] = [];
  const calm = new CalmTime(world);
  const cluster: CheckedCluster = {
    world,
    calm,
    pods: new PodBook(world),
    scale: new WantedScale(world, calm),
  };
  const checkers = chosen.map(([name, factory]): [string, Checker] => {
    const report = (message: string) => {
      if (violations.length < VIOLATIONS_MAX)
        violations.push({ checker: name, atMs: world.clock.now(), message });
    };
    return [name, guarded(factory(cluster, report), report)];
  });
  const hearing = checkers.map(([, checker]) => checker).filter((checker) => checker.onEvent !== undefined);
  const stop = world.onEvent((event) => {
    calm.onEvent(event);
    for (const checker of hearing) checker.onEvent?.(event);
    if (event.kind !== 'commit') return;
    cluster.pods.onCommit(event);
    cluster.scale.onCommit(event, event.atMs);
  });
  const stopWatching = checkers.flatMap(([, { onWatch }]) =>
    onWatch === undefined ? [] : [world.onWatch(onWatch)],
  );
  return {
    violations,
    unconverged: () =>
      checkers.flatMap(([name, checker]) => (checker.unconverged?.() ?? []).map((why) => `${name}: ${why}`)),
    detach() {
      stop();
      for (const end of stopWatching) end();
      calm.stop();
    },
  };
}

/** Whoever is observed must not feel it: what a checker throws is its own failure, not that of the component it listens to. */
function guarded(checker: Checker, report: (message: string) => void): Checker {
  if (checker.onEvent === undefined) return checker;
  return {
    ...checker,
    onEvent(event) {
      try {
        checker.onEvent?.(event);
      } catch (error) {
        report(`the checker itself failed: ${error instanceof Error ? error.stack : String(error)}`);
      }
    },
  };
}
