/**
 * Who gets how many of the server's seats. Pure.
 *
 * By their shares priority levels have a nominal part each. Of that a level lends what it does not need, down to its lower
 * limit, and borrows up to its upper one: each gets its target times one factor, the same for all, within its limits.
 *
 *     600 seats, of 245 shares `workload-low` has 100: nominal 245; it lends 90 %: never less than 24
 *
 * @see k8s.io/apiserver/pkg/util/flowcontrol: apf_controller.go finishQueueSetReconfigsLocked, conc_alloc.go
 */
import type { PriorityLevelConfigurationSpec } from '../../api/generated/flowcontrol-v1.ts';

export interface SeatLimits {
  nominal: number;
  /** What stays when everything is lent that may be. */
  lower: number;
  upper: number;
}

/** The limits of a level whose shares are `shares` of `sumOfShares`. */
export function seatLimits(
  { exempt, limited }: PriorityLevelConfigurationSpec,
  sumOfShares: number,
  totalSeats: number,
): SeatLimits {
  const { nominalConcurrencyShares = 0, lendablePercent = 0 } = limited ?? exempt ?? {};
  const nominal = sumOfShares === 0 ? 0 : Math.ceil((totalSeats * nominalConcurrencyShares) / sumOfShares);
  const percent = limited?.borrowingLimitPercent;
  const borrowing = percent === undefined ? totalSeats : Math.round((nominal * percent) / 100);
  return {
    nominal,
    lower: nominal - Math.round((nominal * lendablePercent) / 100),
    upper: nominal + borrowing,
  };
}

export interface SeatClaim {
  target: number;
  /** At most the target. */
  lower: number;
  upper: number;
}

/** Below this a target is taken for it, so that whoever wants nothing has a part of what nobody wants. */
const TARGET_MIN = 0.001;

/**
 * Divides `total`, which the limits allow, among `claims`: each gets `factor` times its target, or the limit that this
 * would pass. Not rounded.
 */
export function divideSeats(
  total: number,
  claims: readonly SeatClaim[],
): { seats: readonly number[]; factor: number } {
  const partOf = ({ target, lower, upper }: SeatClaim, factor: number) =>
    Math.min(upper, Math.max(lower, Math.max(target, TARGET_MIN) * factor));
  const sumAt = (factor: number) => claims.reduce((sum, claim) => sum + partOf(claim, factor), 0);
  // Between two neighbours of these the sum grows in a straight line.
  const bends = claims
    .flatMap(({ target, lower, upper }) =>
      [lower, upper].map((limit) => limit / Math.max(target, TARGET_MIN)),
    )
    .sort((a, b) => a - b);
  const above = bends.findIndex((bend) => sumAt(bend) >= total);
  const [from, to] = [above > 0 ? bends[above - 1]! : 0, above >= 0 ? bends[above]! : (bends.at(-1) ?? 0)];
  const [low, high] = [sumAt(from), sumAt(to)];
  const factor = high > low ? from + ((to - from) * (total - low)) / (high - low) : to;
  return { seats: claims.map((claim) => partOf(claim, factor)), factor };
}
