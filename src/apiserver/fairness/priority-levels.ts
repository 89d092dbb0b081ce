/**
 * All priority levels, and how they share the server's seats. Every {@link ADJUSTMENT_MS} the levels that need less lend to
 * those that need more. That happens when a request comes, so that an idle server has nothing to do; differs from upstream,
 * where it happens by a timer.
 */
import { MANDATORY_PRIORITY_LEVELS, type Prescribed } from '../../api/flow-control/bootstrap.ts';
import type {
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from '../../api/generated/flowcontrol-v1.ts';
import { PriorityLevel } from './priority-level.ts';
import { divideSeats, seatLimits } from './share-seats.ts';

/** @see borrowingAdjustmentPeriod */
const ADJUSTMENT_MS = 10_000;

export class PriorityLevels {
  readonly #totalSeats: number;
  #levels = new Map<string, PriorityLevel>();
  #nextAdjustmentMs = 0;
  #fairFraction = 0;

  constructor(totalSeats: number) {
    this.#totalSeats = totalSeats;
  }

  get all(): Iterable<PriorityLevel> {
    return this.#levels.values();
  }

  /** By how much every target was multiplied. */
  get fairFraction(): number {
    return this.#fairFraction;
  }

  /** A level that requests may be sent to. */
  get(name: string): PriorityLevel | undefined {
    const level = this.#levels.get(name);
    return level?.isQuiescing === false ? level : undefined;
  }

  /** The levels are those of `configurations`, the mandatory ones, and those that are still used. */
  configure(configurations: readonly PriorityLevelConfiguration[], nowMs: number): void {
    const wanted = new Map(
      MANDATORY_PRIORITY_LEVELS.map((prescribed) => [prescribed.name, imagined(prescribed)]),
    );
    for (const each of configurations) if (isWhole(each)) wanted.set(each.metadata.name, each);
    const levels = new Map<string, PriorityLevel>();
    for (const [name, configuration] of wanted) {
      const level = this.#levels.get(name) ?? new PriorityLevel(configuration, nowMs);
      level.configure(configuration);
      levels.set(name, level);
    }
    for (const [name, level] of this.#levels) {
      if (levels.has(name) || level.isIdle) continue;
      level.isQuiescing = true;
      levels.set(name, level);
    }
    this.#levels = levels;
    this.#limit();
    this.#adjust(nowMs);
  }

  /** To be called often. */
  adjustWhenDue(nowMs: number): void {
    if (nowMs < this.#nextAdjustmentMs) return;
    for (const [name, level] of this.#levels) {
      if (level.isQuiescing && level.isIdle) this.#levels.delete(name);
    }
    this.#limit();
    this.#adjust(nowMs);
  }

  #limit(): void {
    let shares = 0;
    for (const { configuration } of this.all) {
      const { exempt, limited } = configuration.spec;
      shares += (limited ?? exempt)?.nominalConcurrencyShares ?? 0;
    }
    for (const level of this.all) {
      level.limit(seatLimits(level.configuration.spec, shares, this.#totalSeats));
    }
  }

  #adjust(nowMs: number): void {
    this.#nextAdjustmentMs = nowMs + ADJUSTMENT_MS;
    const levels = [...this.all];
    const total = levels.reduce((sum, { limits }) => sum + limits.nominal, 0);
    const { seats, factor } = divideSeats(
      total,
      levels.map((level) => level.claim(nowMs)),
    );
    this.#fairFraction = factor;
    for (const [index, level] of levels.entries()) level.grant(Math.round(seats[index]!), nowMs);
  }
}

function imagined({ name, spec }: Prescribed<PriorityLevelConfigurationSpec>): PriorityLevelConfiguration {
  const header = {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
  } as const;
  return { ...header, metadata: { name } as PriorityLevelConfiguration['metadata'], spec };
}

/** What validation lets through, but for an `exempt` that says nothing. */
function isWhole({ spec }: PriorityLevelConfiguration): boolean {
  return spec.type === 'Exempt' ? spec.exempt !== undefined : spec.limited !== undefined;
}
