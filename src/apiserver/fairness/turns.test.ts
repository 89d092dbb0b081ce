import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

function newLoop() {
  let next = Promise.withResolvers<void>();
  return {
    turn: () => next.promise,
    /** The loop comes round, and everything that this sets in motion runs. */
    async goRound(): Promise<void> {
      const { resolve } = next;
      next = Promise.withResolvers<void>();
      resolve();
      for (let step = 0; step < 10; step++) await Promise.resolve();
    },
  };
}

test('Turns lets one begin in each turn, and levels one after the other', async () => {
  const loop = newLoop();
  const turns = new Turns(loop.turn);
  const begun: string[] = [];
  const begin = (level: string, name: string) => {
    const turn = turns.begin(level);
    if (turn === undefined) begun.push(name);
    else void turn.then(() => begun.push(name));
  };
  for (const name of ['g1', 'g2', 'g3', 'g4']) begin('greedy', name);
  begin('other', 'o1');
  deepEqual(begun, ['g1']);
  const seen: string[][] = [];
  for (let round = 0; round < 4; round++) {
    await loop.goRound();
    seen.push([...begun].slice(1));
  }
  deepEqual(seen, [['g2'], ['g2', 'o1'], ['g2', 'o1', 'g3'], ['g2', 'o1', 'g3', 'g4']]);
  await loop.goRound();
  begin('greedy', 'at once');
  equal(begun.at(-1), 'at once');
});

test('Turns holds nobody back where time is virtual', () => {
  const turns = new Turns(undefined);
  equal(turns.begin('a'), undefined);
  equal(turns.begin('a'), undefined);
});
