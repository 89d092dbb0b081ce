import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeededRandom } from '../sim-random.ts';
import { World } from '../world/world.ts';
import { partiesOf } from './fault.ts';
import { beginFault, checkFault, FAULTS } from './fault-table.ts';

/** Nothing survives it. */
const NEVER_DRAWN = 'lying-disk';

function newWorld(): World {
  return new World({
    seed: 1,
    nodes: [{ name: 'node-1' }, { name: 'node-2' }],
    programs: {},
    controllers: 2,
    disk: 'simulated',
  });
}

test('checkFault names an unknown fault and those that there are', () => {
  const context = { parties: partiesOf(newWorld()), place: 'faults[3]' };
  assert.throws(() => checkFault({ fault: 'meteor', parameters: {} }, context), {
    name: 'FaultError',
    message: /^faults\[3\]: unknown fault "meteor"; there are: kill-process, /,
  });
});

test('checkFault names the parameter that is unknown, missing or wrong', () => {
  const context = { parties: partiesOf(newWorld()), place: 'faults[0]' };
  const cases: [Parameters<typeof checkFault>[0], RegExp][] = [
    [
      { fault: 'power-off', parameters: { machine: 'node-1', why: 1 } },
      /^faults\[0\]: unknown parameter "why"; there are: machine$/,
    ],
    [
      { fault: 'power-off', parameters: {} },
      /^faults\[0\]\.machine is missing: it must be the name of a machine$/,
    ],
    [
      { fault: 'kill-process', parameters: { process: 'node-1' } },
      /^faults\[0\]\.process must be the name of a process, not "node-1"; there are: control-plane\/server, .*node-2\/agent$/,
    ],
    [
      { fault: 'stale-watches', parameters: { to: '*', lag: 'soon' } },
      /^faults\[0\]\.lag must be a duration such as 30s, not "soon"$/,
    ],
  ];
  for (const [call, message] of cases) assert.throws(() => checkFault(call, context), { message });
});

test('checkFault refuses faults of the disk where the disk has none', () => {
  const parties = { ...partiesOf(newWorld()), hasDisk: false };
  assert.throws(() => checkFault({ fault: 'full-disk', parameters: {} }, { parties, place: 'faults[0]' }), {
    message: 'faults[0]: the disk of this cluster is not a simulated one',
  });
  assert.equal(FAULTS['full-disk']!.draw(newSeededRandom(1), parties), undefined);
});

for (const [name, kind] of Object.entries(FAULTS)) {
  test(`FAULTS: what a swarm draws of ${name} can begin, and when it has ended the cluster is whole`, async () => {
    const world = newWorld();
    await world.start();
    await world.advance(20_000);
    const random = newSeededRandom(name);
    for (let i = 0; i < 5; i++) {
      const parameters = name === NEVER_DRAWN ? {} : kind.draw(random, partiesOf(world));
      assert.ok(parameters !== undefined, 'this cluster has everything that a fault can happen to');
      const end = beginFault(world, { fault: name, parameters }, random);
      await world.advance(15_000);
      end();
      await world.advance(60_000);
      for (const machine of world.machines.values()) {
        assert.ok(machine.isOn && !machine.isFrozen, `${machine.name} is well`);
        assert.equal(machine.skewMs, 0);
        for (const program of machine.programs)
          assert.ok(machine.process(program), `${program} runs on ${machine.name}`);
      }
    }
    await world.stop();
  });
}

test('beginFault: a slow disk is as it was when the last of two slow times that overlap has ended', () => {
  const world = newWorld();
  const begin = (ms: number) =>
    beginFault(world, { fault: 'slow-disk', parameters: { min: ms, max: ms } }, newSeededRandom(1));
  const endFirst = begin(10);
  const endSecond = begin(20);
  assert.equal(world.disk!.syncDelayMs(), 20);
  endFirst();
  assert.equal(world.disk!.syncDelayMs(), 20);
  endSecond();
  assert.equal(world.disk!.syncDelayMs(), 0);
});
