import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MANDATORY_PRIORITY_LEVELS, SUGGESTED_PRIORITY_LEVELS } from '../../api/flow-control/bootstrap.ts';
import { divideSeats, seatLimits } from './share-seats.ts';

test('seatLimits gives the levels of a new cluster what upstream gives them', () => {
  const levels = [...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS];
  deepEqual(
    Object.fromEntries(levels.map(({ name, spec }) => [name, Object.values(seatLimits(spec, 245, 600))])),
    {
      exempt: [0, 0, 600],
      'catch-all': [13, 13, 613],
      system: [74, 50, 674],
      'node-high': [98, 73, 698],
      'leader-election': [25, 25, 625],
      'workload-high': [98, 49, 698],
      'workload-low': [245, 24, 845],
      'global-default': [49, 24, 649],
    },
  );
});

test('seatLimits bounds what may be borrowed', () => {
  const limited = {
    nominalConcurrencyShares: 10,
    borrowingLimitPercent: 50,
    limitResponse: { type: 'Reject' },
  };
  deepEqual(seatLimits({ type: 'Limited', limited }, 100, 600), { nominal: 60, lower: 60, upper: 90 });
});

const claim = fc
  .record({ lower: fc.integer({ min: 0, max: 50 }), above: fc.nat(100), more: fc.nat(200) })
  .map(({ lower, above, more }) => ({ lower, target: lower + above, upper: lower + more }));

test('divideSeats divides all there is, within the limits, and by one factor', () => {
  fc.assert(
    fc.property(
      fc.array(claim, { minLength: 1, maxLength: 9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (claims, at) => {
        const low = claims.reduce((sum, { lower }) => sum + lower, 0);
        const high = claims.reduce((sum, { upper }) => sum + upper, 0);
        const total = Math.round(low + (high - low) * at);
        const { seats, factor } = divideSeats(total, claims);
        const sum = seats.reduce((all, each) => all + each, 0);
        ok(Math.abs(sum - total) < 1e-6, `${sum} of ${total}`);
        for (const [index, { lower, target, upper }] of claims.entries()) {
          const each = seats[index]!;
          ok(each >= lower && each <= upper);
          const isFree = each > lower && each < upper;
          ok(
            !isFree || Math.abs(each - factor * Math.max(target, 0.001)) < 1e-6,
            'between its limits by the factor',
          );
        }
      },
    ),
  );
});
