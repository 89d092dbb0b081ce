import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newDeferred } from '../base/deferred.ts';
import { silentLogger } from '../base/logger.ts';
import { newSimulatedClock, type SimulatedClock } from '../simulation/sim-clock.ts';
import type { ChildSpec } from './child-spec.ts';
import { Keeper } from './keeper.ts';
import type { KeeperState, KeeperStateFile } from './keeper-state.ts';
import type {
  ProcessExit,
  ProcessIdentity,
  ProcessLauncher,
  ProcessSignal,
  RunningProcess,
} from './process-launcher.ts';
import { takeDown } from './take-down.ts';

/** Processes as data: each ends when told to, unless it ignores that. */
class ScriptedMachine implements ProcessLauncher {
  /** What happened, in order: `start server 1`, `terminate 1`. */
  readonly log: string[] = [];
  ignoresTerminate = false;
  isBroken = false;
  readonly #living = new Map<number, { end(exit: ProcessExit): void; process: RunningProcess }>();
  #lastPid = 0;

  start(spec: ChildSpec, record: (identity: ProcessIdentity) => void): Promise<RunningProcess> {
    if (this.isBroken) return Promise.reject(new Error('no such program'));
    const pid = ++this.#lastPid;
    this.log.push(`start ${spec.name} ${pid}`);
    const exited = newDeferred<ProcessExit>();
    const process: RunningProcess = {
      identity: { pid, startId: `boot/${pid}` },
      exited: exited.promise,
      signal: (name) => this.#signal(pid, name),
    };
    const end = (exit: ProcessExit) => {
      this.#living.delete(pid);
      exited.resolve(exit);
    };
    this.#living.set(pid, { end, process });
    record(process.identity);
    return Promise.resolve(process);
  }

  adopt({ pid, startId }: ProcessIdentity): RunningProcess | undefined {
    return startId === `boot/${pid}` ? this.#living.get(pid)?.process : undefined;
  }

  crash(pid: number): void {
    this.#living.get(pid)?.end({ code: 1 });
  }

  get pids(): number[] {
    return [...this.#living.keys()];
  }

  #signal(pid: number, name: ProcessSignal): void {
    const living = this.#living.get(pid);
    if (living === undefined) return;
    this.log.push(`${name} ${pid}`);
    if (name === 'kill') living.end({ signal: 'SIGKILL' });
    if (name === 'terminate' && !this.ignoresTerminate) living.end({ code: 0 });
  }
}

class MemoryStateFile implements KeeperStateFile {
  state: KeeperState | undefined;
  read(): KeeperState | undefined {
    return this.state;
  }
  write(state: KeeperState): void {
    this.state = structuredClone(state);
  }
  remove(): void {
    this.state = undefined;
  }
}

function spec(name: string, changes: Partial<ChildSpec> = {}): ChildSpec {
  return { name, command: [name], env: {}, stopOrder: 0, stopTimeoutMs: 10_000, ...changes };
}

interface World {
  clock: SimulatedClock;
  machine: ScriptedMachine;
  stateFile: MemoryStateFile;
}

function newWorld(): World {
  return { clock: newSimulatedClock(), machine: new ScriptedMachine(), stateFile: new MemoryStateFile() };
}

function startKeeper({ clock, machine, stateFile }: World, specs: ChildSpec[]) {
  const stop = new AbortController();
  const identity = { pid: 999, startId: 'boot/999' };
  const keeper = new Keeper(specs, { clock, log: silentLogger, launcher: machine, stateFile, identity });
  return { keeper, stop, done: keeper.run(stop.signal) };
}

test('Keeper restarts a child that ends, after 0.1 s', async () => {
  const world = newWorld();
  const { keeper } = startKeeper(world, [spec('server')]);
  await world.clock.settle();
  world.machine.crash(1);
  await world.clock.advance(99);
  assert.deepEqual(world.machine.pids, []);
  assert.equal(keeper.children[0]?.phase, 'waiting');
  await world.clock.advance(1);
  assert.deepEqual(world.machine.pids, [2]);
  assert.equal(keeper.children[0]?.restarts, 1);
  assert.equal(keeper.children[0]?.lastEnd, 'exit code 1');
});

test('Keeper goes on trying when a program cannot be started', async () => {
  const world = newWorld();
  world.machine.isBroken = true;
  startKeeper(world, [spec('server')]);
  await world.clock.advance(250);
  world.machine.isBroken = false;
  await world.clock.advance(500);
  assert.deepEqual(world.machine.pids, [1]);
});

test('Keeper stops by stop order, each group gone before the next is told', async () => {
  const world = newWorld();
  const { stop, done } = startKeeper(world, [spec('server'), spec('agent', { stopOrder: 1 })]);
  await world.clock.settle();
  world.machine.ignoresTerminate = true;
  stop.abort();
  await world.clock.settle();
  assert.deepEqual(world.machine.log.slice(2), ['terminate 2']);
  await world.clock.advance(10_000);
  assert.deepEqual(world.machine.log.slice(2), ['terminate 2', 'kill 2', 'terminate 1']);
  await world.clock.advance(10_000);
  await done;
  assert.equal(world.stateFile.state, undefined);
  assert.equal(world.clock.pendingTimers, 0);
});

test('Keeper hurry kills at once, also what comes later in the order', async () => {
  const world = newWorld();
  const { keeper, stop, done } = startKeeper(world, [spec('server'), spec('agent', { stopOrder: 1 })]);
  await world.clock.settle();
  world.machine.ignoresTerminate = true;
  stop.abort();
  await world.clock.settle();
  keeper.hurry();
  await done;
  assert.deepEqual(world.machine.pids, []);
});

test('Keeper kills a child that answers no liveness check for 10 s, after asking for its stack', async () => {
  const world = newWorld();
  let isHung = false;
  const checkLiveness = () => (isHung ? Promise.reject(new Error('no answer')) : Promise.resolve());
  const { keeper } = startKeeper(world, [spec('server', { checkLiveness })]);
  await world.clock.advance(20_000);
  assert.deepEqual(world.machine.pids, [1]);
  isHung = true;
  await world.clock.advance(9_000);
  assert.deepEqual(world.machine.pids, [1]);
  await world.clock.advance(6_000);
  assert.deepEqual(world.machine.log, ['start server 1', 'stackDump 1', 'kill 1', 'start server 2']);
  assert.equal(keeper.children[0]?.lastEnd, 'hung');
});

test('Keeper lets a child take a minute to its first answer, and not more', async () => {
  const world = newWorld();
  const checkLiveness = () => new Promise<void>(() => {});
  startKeeper(world, [spec('server', { checkLiveness })]);
  await world.clock.advance(59_000);
  assert.deepEqual(world.machine.log, ['start server 1']);
  await world.clock.advance(8_000);
  assert.deepEqual(world.machine.log.slice(0, 3), ['start server 1', 'stackDump 1', 'kill 1']);
});

test('Keeper adopts the children of a keeper that was killed, and restarts those that died meanwhile', async () => {
  const world = newWorld();
  startKeeper(world, [spec('server'), spec('agent')]);
  await world.clock.settle();
  // The first keeper is gone from here on: nothing drives it, its processes live.
  const left = structuredClone(world.stateFile.state);
  const second = { ...newWorld(), machine: world.machine };
  second.stateFile.state = left;
  world.machine.log.length = 0;
  const { keeper } = startKeeper(second, [spec('server'), spec('agent')]);
  await second.clock.settle();
  assert.deepEqual(world.machine.log, []);
  assert.deepEqual(
    keeper.children.map(({ phase, process }) => [phase, process?.pid]),
    [
      ['running', 1],
      ['running', 2],
    ],
  );
});

test('Keeper replaces a child that runs with another command, and stops one that is not wanted', async () => {
  const world = newWorld();
  startKeeper(world, [spec('server'), spec('agent')]);
  await world.clock.settle();
  const second = { ...newWorld(), machine: world.machine };
  second.stateFile.state = structuredClone(world.stateFile.state);
  world.machine.log.length = 0;
  startKeeper(second, [spec('server', { command: ['server', '--api-port', '7000'] })]);
  await second.clock.settle();
  assert.ok(world.machine.log.includes('terminate 1') && world.machine.log.includes('terminate 2'));
  assert.equal(second.stateFile.state?.children.length, 1);
});

test('takeDown stops the children of a keeper that was killed', async () => {
  const world = newWorld();
  startKeeper(world, [spec('server'), spec('agent', { stopOrder: 1 })]);
  await world.clock.settle();
  const state = world.stateFile.state!;
  const parts = { clock: newSimulatedClock(), launcher: world.machine, hurry: new AbortController().signal };
  assert.equal(await takeDown(state, parts), 'stopped');
  assert.deepEqual(world.machine.log.slice(2), ['terminate 2', 'terminate 1']);
  assert.equal(await takeDown({ ...state, children: [] }, parts), 'nothing');
});
