import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DroppedRequests } from './dropped-requests.ts';

/** At each second so many are refused; the last of them is told so many seconds. */
function told(steps: readonly (readonly [second: number, refused: number])[]): number[] {
  const dropped = new DroppedRequests();
  return steps.map(([second, refused]) => {
    let seconds = 0;
    for (let count = 0; count < refused; count++) seconds = dropped.record(second * 1000 + count);
    return seconds;
  });
}

/** The history that upstream's own test plays, and what it expects. @see dropped_requests_tracker_test.go */
test('DroppedRequests doubles what it tells while much is refused, and takes a second off while little is', () => {
  const steps = [
    [0, 5],
    [1, 11],
    [2, 1],
    [3, 11],
    [4, 1],
    [7, 1],
    [11, 1],
    [15, 1],
    [17, 1],
    [21, 14],
    [22, 1],
  ] as const;
  assert.deepEqual(told(steps), [1, 2, 2, 4, 4, 8, 8, 7, 6, 5, 10]);
});

test('DroppedRequests tells no more than 32 s, however much is refused', () => {
  const steps = Array.from({ length: 200 }, (_, second) => [second, 100] as const);
  const seconds = told(steps);
  assert.equal(Math.max(...seconds), 32);
  assert.equal(seconds.at(-1), 32);
});

test('DroppedRequests tells one second whoever is refused now and then', () => {
  assert.deepEqual(
    new Set(
      told([
        [5, 1],
        [6, 1],
        [7, 2],
        [100, 2],
        [101, 1],
      ]),
    ),
    new Set([1]),
  );
});
