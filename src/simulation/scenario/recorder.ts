/** Hears everything of a scenario's world from its start, and keeps what expectations ask for. */
import type { World } from '../world/world.ts';
import type { WorldEvent } from '../world/world-event.ts';
import type { ClusterView } from './condition.ts';
import { ContainerHistory } from './container-history.ts';
import { ObjectMirror } from './object-mirror.ts';
import type { Expectation } from './scenario.ts';
import { ConditionWatch, type Failure } from './watch-condition.ts';

/** Moments of a run that have settled are told to it; changes it hears itself. */
export class ScenarioRecorder {
  readonly containers = new ContainerHistory();
  readonly #objects = new ObjectMirror();
  readonly #cluster: ClusterView;
  readonly #watches: ConditionWatch[];
  readonly #now: () => number;
  #isRunning = false;

  /** @param now  ms since the scenario's beginning */
  constructor(world: World, expectations: readonly Expectation[], now: () => number) {
    this.#now = now;
    const objects = this.#objects;
    this.#cluster = { objects, routesOf: (node) => world.nodes.get(node)?.routes ?? { ports: [] } };
    this.#watches = expectations.flatMap((expectation) =>
      'condition' in expectation ? [new ConditionWatch(expectation)] : [],
    );
    world.onEvent((event) => this.#hear(event));
  }

  /** Every moment that must be told, each once. */
  get momentsMs(): number[] {
    return [...new Set(this.#watches.flatMap((watch) => watch.momentsMs))];
  }

  /** Time 0: from now on changes count. */
  begin(): void {
    this.#isRunning = true;
  }

  settled(atMs: number): void {
    for (const watch of this.#watches) {
      if (watch.momentsMs.includes(atMs)) watch.settled(this.#cluster, atMs);
    }
  }

  /** The end: what comes hereafter is not looked at. */
  conclude(): Failure[] {
    this.#isRunning = false;
    return this.#watches.map((watch) => watch.conclude()).filter((failure) => failure !== undefined);
  }

  #hear(event: WorldEvent): void {
    if (event.kind === 'container' && this.#isRunning) this.containers.changed(event, this.#now());
    if (event.kind !== 'commit') return;
    this.containers.committed(event);
    const row = this.#objects.apply(event);
    if (row === undefined || !this.#isRunning) return;
    for (const watch of this.#watches) watch.changed(row, this.#cluster, this.#now());
  }
}
