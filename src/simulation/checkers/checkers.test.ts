import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { newWorld } from '../world/world.fixture.ts';
import { attachCheckers, CHECKERS } from './attach-checkers.ts';
import { CLUSTER_PROOFS } from './cluster-proofs.fixture.ts';
import { CONTROLLER_PROOFS } from './controller-proofs.fixture.ts';
import { NODE_PROOFS } from './node-proofs.fixture.ts';
import { STORE_PROOFS } from './store-proofs.fixture.ts';

const PROOFS = [...STORE_PROOFS, ...CONTROLLER_PROOFS, ...NODE_PROOFS, ...CLUSTER_PROOFS];

test('CHECKERS: each is proven by something broken', () => {
  const proven = new Set(PROOFS.map(({ checker }) => checker));
  deepEqual([...proven].sort(), Object.keys(CHECKERS).sort());
});

for (const { checker, broken, options, run, says, isLiveness } of PROOFS) {
  test(`CHECKERS: ${checker} catches ${broken}`, async (t) => {
    const world = await newWorld(t, options);
    await world.advance(30_000);
    const checked = attachCheckers(world, [checker]);
    await run(world);
    const said = isLiveness
      ? checked.unconverged().map((line) => line.slice(checker.length + 2))
      : checked.violations.map(({ message }) => message);
    ok(
      said.some((line) => says.test(line)),
      `it says: ${JSON.stringify(said, null, 2)}`,
    );
  });
}
