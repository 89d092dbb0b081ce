/** What broke in the background: thrown at whoever waits next, once. */
import type { World } from '../simulation/world/world.ts';

export class Failures {
  #untold: Error[] = [];

  /** A process of the cluster itself that breaks is always a failure. */
  constructor(world: World) {
    world.onEvent((event) => {
      if (event.kind !== 'process' || event.what !== 'broken') return;
      this.add(new Error(`${event.process} broke: ${event.why ?? 'it ended by itself'}`));
    });
  }

  add(error: Error): void {
    this.#untold.push(error);
  }

  /** @throws the failure; AggregateError of several */
  throwIfAny(): void {
    const [first, ...more] = this.#untold.splice(0);
    if (first === undefined) return;
    if (more.length === 0) throw first;
    throw new AggregateError([first, ...more], `${more.length + 1} failures; the first: ${first.message}`);
  }
}
