import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { newSeededRandom } from '../../sim-random.ts';
import { checkLinearizability } from './linearizability.ts';
import { searchLinearization } from './linearization-search.ts';
import {
  newHistory,
  type OperationHistory,
  type RecordedOperation,
  type RegisterAnswer,
  type RegisterOperation,
} from './operation-history.ts';
import {
  applied,
  newRegisterServer,
  type RegisterServer,
  recordHistory,
  type Workload,
} from './register-clients.fixture.ts';

const KEY = '/a';
const read: RegisterOperation = { do: 'read', key: KEY };
const remove: RegisterOperation = { do: 'delete', key: KEY };
const write = (value: string): RegisterOperation => ({ do: 'write', key: KEY, value });
const swap = (expected: string | undefined, value: string): RegisterOperation => ({
  do: 'swap',
  key: KEY,
  expected,
  value,
});

/** A history of which each step takes 10 ms. */
function newScript(): OperationHistory & {
  did(client: string, operation: RegisterOperation, answer: RegisterAnswer): void;
} {
  let now = 0;
  const history = newHistory({ monotonicMs: () => (now += 10) });
  return {
    ...history,
    did: (client, operation, answer) => history.complete(history.invoke(operation, client), answer),
  };
}

function verdictOf(history: Pick<OperationHistory, 'operations'>): string {
  return checkLinearizability(history.operations()).verdict;
}

/** All orders, tried one by one. */
function isLinearizable(
  operations: readonly RecordedOperation[],
  values: Map<string, string> = new Map(),
): boolean {
  if (operations.every(({ answer }) => answer === undefined)) return true;
  const firstAnswer = Math.min(...operations.map(({ completed }) => completed));
  return operations.some((next) => {
    if (next.invoked > firstAnswer) return false;
    const after = new Map(values);
    const answer = applied(after, next.operation);
    if (next.answer !== undefined && JSON.stringify(answer) !== JSON.stringify(next.answer)) return false;
    return isLinearizable(
      operations.filter((other) => other !== next),
      after,
    );
  });
}

/** Any operations of up to three clients, with any answers: explicable or not. */
function arbitraryHistory(seed: number): RecordedOperation[] {
  const random = newSeededRandom(seed);
  const draw = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)]!;
  const history = newHistory({ monotonicMs: () => 0 });
  const open: { id: number; operation: RegisterOperation }[] = [];
  let left = 7;
  while (left > 0 || open.length > 0) {
    if (left > 0 && (open.length === 0 || (open.length < 3 && random.next() < 0.6))) {
      left--;
      const operation = draw([
        read,
        read,
        remove,
        write('x'),
        write('y'),
        swap('x', 'y'),
        swap('y', 'x'),
        swap(undefined, 'x'),
      ]);
      open.push({ id: history.invoke(operation), operation });
      continue;
    }
    const [ended] = open.splice(Math.floor(random.next() * open.length), 1);
    const { id, operation } = ended!;
    if (random.next() < 0.1) history.unknown(id);
    else if (operation.do === 'read') history.complete(id, { value: draw([undefined, 'x', 'y']) });
    else history.complete(id, { done: operation.do === 'write' || random.next() < 0.7 });
  }
  return history.operations();
}

test('checkLinearizability says what trying all orders says', () => {
  const counts = { linearizable: 0, violated: 0, undecided: 0 };
  for (let seed = 0; seed < 4000; seed++) {
    const operations = arbitraryHistory(seed);
    const { verdict } = checkLinearizability(operations);
    assert.equal(verdict === 'linearizable', isLinearizable(operations), `seed ${seed}`);
    counts[verdict]++;
  }
  assert.ok(counts.linearizable > 500 && counts.violated > 500, JSON.stringify(counts));
});

test('checkLinearizability shows counterexamples that trying all orders cannot explain either', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const operations = arbitraryHistory(seed);
    const result = checkLinearizability(operations);
    if (result.verdict !== 'violated') continue;
    assert.equal(isLinearizable(result.counterexample), false, `seed ${seed}`);
    assert.ok(result.counterexample.length <= operations.length);
  }
});

describe('checkLinearizability of a server that is right', () => {
  test('checkLinearizability accepts what any clients record', () => {
    const workload = fc.record({
      seed: fc.nat(),
      clients: fc.integer({ min: 1, max: 12 }),
      keys: fc.integer({ min: 1, max: 5 }),
      operations: fc.integer({ min: 1, max: 400 }),
      lostShare: fc.constantFrom(0, 0.05, 0.3),
    });
    fc.assert(
      fc.property(workload, (each) => {
        const operations = recordHistory(each, newRegisterServer());
        assert.equal(checkLinearizability(operations).verdict, 'linearizable');
      }),
      { numRuns: 300 },
    );
  });

  test('checkLinearizability takes 10,000 operations on 36 keys in well under two seconds', () => {
    const workload = { seed: 1, clients: 32, keys: 36, operations: 10_000, lostShare: 0.03 };
    const operations = recordHistory(workload, newRegisterServer());
    const start = performance.now();
    assert.equal(checkLinearizability(operations).verdict, 'linearizable');
    assert.ok(performance.now() - start < 2000, `${performance.now() - start} ms`);
  });
});

describe('checkLinearizability of a server that is wrong', () => {
  /** As the right one, but for what `bug` makes of an operation now and then; by its own dice. */
  function newWrongServer(
    seed: number,
    bug: (values: Map<string, string>, chance: (share: number) => boolean) => RegisterServer,
  ) {
    const random = newSeededRandom(seed).fork('bug');
    return bug(new Map(), (share) => random.next() < share);
  }

  const bugs: Record<string, Parameters<typeof newWrongServer>[1]> = {
    'stale reads': (values, chance) => {
      let old = new Map<string, string>();
      let oldAtMs = 0;
      return {
        apply(operation, nowMs) {
          if (nowMs - oldAtMs > 40) {
            old = new Map(values);
            oldAtMs = nowMs;
          }
          return operation.do === 'read' && chance(0.05)
            ? { value: old.get(operation.key) }
            : applied(values, operation);
        },
      };
    },
    'lost updates': (values, chance) => ({
      apply(operation) {
        if (operation.do === 'swap' && operation.value !== undefined && chance(0.05)) {
          values.set(operation.key, operation.value);
          return { done: true };
        }
        return applied(values, operation);
      },
    }),
    'resurrected deletes': (values, chance) => {
      const deleted = new Map<string, string>();
      return {
        apply(operation) {
          const { key } = operation;
          const before = values.get(key);
          if (before === undefined && deleted.has(key) && chance(0.05)) values.set(key, deleted.get(key)!);
          const answer = applied(values, operation);
          if (before !== undefined && !values.has(key)) deleted.set(key, before);
          return answer;
        },
      };
    },
    'acknowledged writes lost by a crash': (values) => {
      let durable = new Map<string, string>();
      let crashAtMs = 500;
      let saveAtMs = 0;
      return {
        apply(operation, nowMs) {
          if (nowMs > saveAtMs) {
            durable = new Map(values);
            saveAtMs = nowMs + 20;
          }
          if (nowMs > crashAtMs) {
            values.clear();
            for (const [key, value] of durable) values.set(key, value);
            crashAtMs = nowMs + 500;
          }
          return applied(values, operation);
        },
      };
    },
    'conflicts that took effect': (values, chance) => ({
      apply(operation) {
        const answer = applied(values, operation);
        return operation.do === 'swap' && chance(0.05) ? { done: false } : answer;
      },
    }),
  };

  for (const [name, bug] of Object.entries(bugs)) {
    test(`checkLinearizability finds ${name}, and shows few operations`, () => {
      const sizes: number[] = [];
      for (let seed = 0; seed < 20; seed++) {
        const workload: Workload = { seed, clients: 6, keys: 3, operations: 2000, lostShare: 0.02 };
        const result = checkLinearizability(recordHistory(workload, newWrongServer(seed, bug)));
        assert.equal(result.verdict, 'violated', `seed ${seed}`);
        assert.ok(result.verdict === 'violated');
        sizes.push(result.counterexample.length);
      }
      const typical = sizes.sort((a, b) => a - b)[10]!;
      assert.ok(typical <= 6, `sizes ${sizes.join(' ')}`);
    });
  }

  test('checkLinearizability refuses any read that is changed to what had been replaced before it', () => {
    let changed = 0;
    for (let seed = 0; seed < 100; seed++) {
      const workload = { seed, clients: 4, keys: 2, operations: 200, lostShare: 0 };
      const operations = recordHistory(workload, newRegisterServer());
      const mutated = withStaleRead(operations, seed);
      if (mutated === undefined) continue;
      changed++;
      assert.equal(checkLinearizability(mutated).verdict, 'violated', `seed ${seed}`);
    }
    assert.ok(changed > 80, `${changed}`);
  });

  /** With one read's answer changed to a value, written once, that a later write had replaced before the read began. */
  function withStaleRead(operations: RecordedOperation[], seed: number): RecordedOperation[] | undefined {
    const random = newSeededRandom(seed);
    const done = operations.filter(
      ({ answer }) => answer !== undefined && (!('done' in answer) || answer.done),
    );
    const reads = done.filter(({ operation }) => operation.do === 'read');
    const target = reads[Math.floor(random.next() * reads.length)];
    const before = (a: RecordedOperation, b: RecordedOperation) =>
      a.completed < b.invoked && a.operation.key === b.operation.key;
    const blind = done.filter(({ operation }) => operation.do === 'write');
    const replaced = blind.find((one) => blind.some((other) => before(one, other) && before(other, target!)));
    if (target === undefined || replaced?.operation.do !== 'write') return undefined;
    const stale = { ...target, answer: { value: replaced.operation.value } };
    return operations.map((operation) => (operation === target ? stale : operation));
  }
});

describe('checkLinearizability on lost answers', () => {
  test('checkLinearizability lets a lost write take effect at any later time, once', () => {
    const history = newScript();
    history.unknown(history.invoke(write('late')));
    history.did('b', write('b'), { done: true });
    history.did('b', read, { value: 'b' });
    history.did('b', read, { value: 'late' });
    assert.equal(verdictOf(history), 'linearizable');
    history.did('b', write('c'), { done: true });
    history.did('b', read, { value: 'late' });
    assert.equal(verdictOf(history), 'violated');
  });

  test('checkLinearizability lets a lost write never take effect, and not before it was sent', () => {
    const history = newScript();
    history.did('a', read, { value: undefined });
    history.invoke(write('x'));
    history.did('a', read, { value: undefined });
    assert.equal(verdictOf(history), 'linearizable');
    const early = newScript();
    early.did('a', read, { value: 'x' });
    early.unknown(early.invoke(write('x')));
    assert.equal(verdictOf(early), 'violated');
  });

  test('checkLinearizability gives a failed operation no effect', () => {
    const history = newScript();
    history.fail(history.invoke(write('x')));
    history.did('a', read, { value: 'x' });
    assert.equal(verdictOf(history), 'violated');
  });

  test('checkLinearizability is quick where answers are lost by the dozen and something is wrong', () => {
    const history = newScript();
    for (let i = 0; i < 60; i++) {
      history.unknown(history.invoke(i % 3 === 0 ? remove : write(`v${i}`)));
      history.did('a', read, { value: i % 5 === 0 ? `v${i - (i % 3 === 0 ? 1 : 0)}` : undefined });
    }
    history.did('a', write('last'), { done: true });
    history.did('a', read, { value: 'never written' });
    const start = performance.now();
    assert.equal(verdictOf(history), 'violated');
    assert.ok(performance.now() - start < 2000, `${performance.now() - start} ms`);
  });
});

describe('checkLinearizability tells', () => {
  test('checkLinearizability tells a lost update as it happened, without what does not matter', () => {
    const history = newScript();
    history.did('other', write('old'), { done: true });
    history.did('other', read, { value: 'old' });
    history.did('ann', write('base'), { done: true });
    history.did('bob', read, { value: 'base' });
    history.did('ann', swap('base', 'ann-1'), { done: true });
    history.did('bob', swap('base', 'bob-1'), { done: true });
    history.did('other', read, { value: 'bob-1' });
    const result = checkLinearizability(history.operations());
    assert.ok(result.verdict === 'violated');
    assert.equal(
      result.report,
      `No order of these operations on /a explains what they answered (4 others do not matter):
  50 .. 60 ms            ann        write base -> done
  90 .. 100 ms           ann        swap base for ann-1 -> done
  110 .. 120 ms          bob        swap base for bob-1 -> done
Explained at best: write base -> done, swap base for ann-1 -> done.
Not explained then: swap base for bob-1 -> done.`,
    );
  });

  test('checkLinearizability tells which key it cannot decide, and never calls that a violation', () => {
    const history = newScript();
    const ids = Array.from({ length: 16 }, (_, i) => history.invoke(write(`v${i}`)));
    for (const id of ids) history.complete(id, { done: true });
    for (let i = 0; i < 16; i++) history.did('a', swap(`v${i}`, `v${(i + 1) % 16}`), { done: true });
    const result = checkLinearizability(history.operations(), { configurationsMax: 10 });
    assert.deepEqual(result, { verdict: 'undecided', key: KEY });
    history.did('a', write('x'), { done: true });
    history.did('a', read, { value: 'v1' });
    const violated = checkLinearizability(history.operations(), { configurationsMax: 10 });
    assert.equal(violated.verdict, 'undecided', 'it gave up before it came to what is wrong');
  });
});

test('checkLinearizability decides from what was shortly before where the search gave up', () => {
  const history = newScript();
  for (let round = 0; round < 4; round++) {
    const ids = Array.from({ length: 8 }, (_, i) => history.invoke(write(`${round}-${i}`)));
    for (const id of ids) history.complete(id, { done: true });
    history.did('a', read, { value: `${round}-3` });
  }
  history.did('a', read, { value: '3-4' });
  const operations = history.operations();
  const result = checkLinearizability(operations, { configurationsMax: 600 });
  assert.equal(searchLinearization(operations, { configurationsMax: 600 }).found, 'bound reached');
  assert.ok(result.verdict === 'violated');
  assert.deepEqual(
    result.counterexample.filter(({ operation }) => operation.do === 'read').map(({ answer }) => answer),
    [{ value: '3-3' }, { value: '3-4' }],
  );
});

describe('newHistory', () => {
  test('newHistory refuses answers to what is not open, and those of another kind', () => {
    const history = newHistory({ monotonicMs: () => 0 });
    const id = history.invoke(read);
    assert.throws(() => history.complete(id, { done: true }), /not answered so/);
    const other = history.invoke(read);
    history.complete(other, { value: 'x' });
    assert.throws(() => history.unknown(other), /is not open/);
  });
});
