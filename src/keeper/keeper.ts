/**
 * The component layer of healing: keeps the cluster's own processes running, whatever kills them.
 *
 * The children outlive a keeper that is killed; the next one finds them in the state file and takes them over. Whoever
 * runs a keeper holds the data directory's lock, so there is only one.
 */

import { aborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { ChildKeeper } from './child-keeper.ts';
import type { ChildSpec } from './child-spec.ts';
import type { ChildState, KeeperStateFile } from './keeper-state.ts';
import type { ProcessIdentity, ProcessLauncher } from './process-launcher.ts';
import { stopChildren } from './take-down.ts';

export interface KeeperParts {
  clock: Clock;
  log: Logger;
  launcher: ProcessLauncher;
  stateFile: KeeperStateFile;
  /** This process. */
  identity: ProcessIdentity;
}

export class Keeper {
  readonly #parts: KeeperParts;
  readonly #specs: readonly ChildSpec[];
  readonly #hurry = new AbortController();
  #children: ChildKeeper[] = [];

  constructor(specs: readonly ChildSpec[], parts: KeeperParts) {
    this.#specs = specs;
    this.#parts = parts;
  }

  /** What each child does now, in the order of the specs. */
  get children(): readonly ChildState[] {
    return this.#children.map(({ state }) => state);
  }

  /**
   * Runs the children until `signal` aborts, then stops them in order and returns when all are gone.
   * The state file is gone then too.
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#adopt();
    const running = this.#children.map((child) => {
      const stop = new AbortController();
      return { order: child.spec.stopOrder, stop, done: child.run(stop.signal) };
    });
    const failed = Promise.all(running.map(({ done }) => done)).then(() => {});
    await Promise.race([aborted(signal), failed]);
    for (const order of stopOrders(this.#specs)) {
      const group = running.filter((child) => child.order === order);
      for (const { stop } of group) stop.abort();
      await Promise.all(group.map(({ done }) => done));
    }
    this.#parts.stateFile.remove();
  }

  /** Kills what is still stopping, and whatever would be stopped after it. */
  hurry(): void {
    this.#hurry.abort();
    for (const child of this.#children) child.hurry();
  }

  /** Takes over the living children of an earlier keeper; stops those that are not wanted any more, or not like that. */
  async #adopt(): Promise<void> {
    const { launcher, stateFile, clock, log } = this.#parts;
    const previous = stateFile.read()?.children ?? [];
    const wanted = new Map(this.#specs.map((spec) => [spec.name, spec.command.join('\0')]));
    const isWanted = (child: ChildState) => wanted.get(child.name) === child.command.join('\0');
    await stopChildren(
      previous.filter((child) => !isWanted(child)),
      { launcher, clock, hurry: this.#hurry.signal },
    );
    const onChange = () => this.#save();
    this.#children = this.#specs.map((spec) => {
      const state = previous.find((child) => child.name === spec.name && isWanted(child));
      const process = state?.process === undefined ? undefined : launcher.adopt(state.process);
      const adopted = state !== undefined && process !== undefined ? { state, process } : undefined;
      return new ChildKeeper(spec, { clock, log, launcher, onChange }, adopted);
    });
  }

  #save(): void {
    this.#parts.stateFile.write({ version: 1, keeper: this.#parts.identity, children: this.children });
  }
}

/** Each once, highest first. */
function stopOrders(specs: readonly ChildSpec[]): number[] {
  return [...new Set(specs.map(({ stopOrder }) => stopOrder))].sort((a, b) => b - a);
}
