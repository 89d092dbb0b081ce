/** Server-side apply against {@link ApplyModel}: random types, several appliers and updaters, with force and without. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachSeed, pick, type Stream } from '../../base/seeds.fixture.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { ApplyModel, membersOf, pathsOf, type Shape, textOf, toApplyType } from './apply-model.fixture.ts';
import { EMPTY_SET } from './field-set.ts';
import { parseManagedFields, toManagedFields } from './managed-fields.ts';
import { applyConfiguration, type ManagerIdentity, type Managers, updateManagers } from './managers.ts';

const DEPTH_MAX = 3;
const NAMES = ['a', 'b', 'c', 'd'];
const SCALAR: Shape = { sort: 'scalar' };
type Struct = Extract<Shape, { sort: 'struct' }>;

function randomStruct(next: Stream, depth: number, atomic = false): Struct {
  const names = NAMES.filter(() => next() < 0.8);
  const fields = Object.fromEntries(names.map((name) => [name, randomShape(next, depth + 1)]));
  return { sort: 'struct', atomic, fields: { z: SCALAR, ...fields } };
}

function randomShape(next: Stream, depth: number): Shape {
  if (depth >= DEPTH_MAX) return pick<Shape>(next, [SCALAR, { sort: 'set' }, { sort: 'atomicList' }]);
  const sorts: (() => Shape)[] = [
    () => SCALAR,
    () => randomStruct(next, depth),
    () => randomStruct(next, depth, true),
    () => ({ sort: 'map', of: randomShape(next, depth + 1), atomic: false }),
    () => ({ sort: 'map', of: SCALAR, atomic: true }),
    () => ({ sort: 'set' }),
    () => randomKeyed(next, depth),
    () => ({ sort: 'atomicList' }),
  ];
  return pick(next, sorts)();
}

function randomKeyed(next: Stream, depth: number): Shape {
  const item = randomStruct(next, depth);
  const keys = next() < 0.5 ? ['name'] : ['port', 'protocol'];
  const keyFields = Object.fromEntries(keys.map((key) => [key, SCALAR]));
  return { sort: 'keyed', keys, item: { ...item, fields: { ...item.fields, ...keyFields } } };
}

/** Of `shape`, without anything empty: there is nothing in it that could be owned. */
function randomValue(shape: Shape, next: Stream): JsonValue {
  const some = <T>(items: readonly T[]) => {
    const chosen = items.filter(() => next() < 0.5);
    return chosen.length > 0 ? chosen : [pick(next, items)];
  };
  const record = (names: readonly string[], of: (name: string) => Shape): JsonObject =>
    Object.fromEntries(names.map((name) => [name, randomValue(of(name), next)]));
  switch (shape.sort) {
    case 'scalar':
      return pick<JsonValue>(next, [1, 2, 'x', true]);
    case 'struct':
      return record(some(Object.keys(shape.fields)), (name) => shape.fields[name]!);
    case 'map':
      return record(some(NAMES), () => shape.of);
    case 'set':
      return some(['p', 'q', 'r', 7]);
    case 'atomicList':
      return some([1, 2, 3]);
    case 'keyed':
      return randomItems(shape, some<JsonValue>(['k1', 'k2', 'k3']), next);
  }
}

function randomItems(
  { keys, item }: Extract<Shape, { sort: 'keyed' }>,
  ids: readonly JsonValue[],
  next: Stream,
): JsonObject[] {
  return ids.map((id) => {
    const { [keys[0]!]: _first, [keys[1] ?? '']: _second, ...fields } = randomValue(item, next) as JsonObject;
    const protocol = pick(next, [undefined, 'TCP', 'UDP']);
    const second = keys[1] === undefined || protocol === undefined ? {} : { [keys[1]]: protocol };
    return { ...fields, [keys[0]!]: id, ...second };
  });
}

/** The code under test, beside the model. */
class Applied {
  value: JsonValue = {};
  managers: Managers = new Map();
  readonly #shape: Struct;

  constructor(shape: Struct) {
    this.#shape = shape;
  }

  apply(name: string, applied: JsonValue, force: boolean): string[] {
    const context = { managers: this.managers, manager: identity(name, 'Apply'), ignored: EMPTY_SET, force };
    const values = { live: this.value, applied };
    const { value, managers, conflicts } = applyConfiguration(toApplyType(this.#shape), values, context);
    const found = conflicts.flatMap(({ manager, fields }) =>
      membersOf(fields).map((path) => `${manager.operation} ${manager.name}: ${path}`),
    );
    if (found.length === 0) {
      this.value = value;
      this.managers = managers;
    }
    return found.sort();
  }

  update(name: string, after: JsonValue): void {
    const context = { managers: this.managers, manager: identity(name, 'Update'), ignored: EMPTY_SET };
    const values = { before: this.value, after };
    this.managers = updateManagers(toApplyType(this.#shape), values, context);
    this.value = after;
  }

  shown() {
    const owners = [...this.managers.values()].map(
      ({ name, operation, fields }) => [`${operation} ${name}`, membersOf(fields)] as const,
    );
    return { paths: textOf(pathsOf(this.value, this.#shape)), owners: withoutEmpty(owners) };
  }
}

function identity(name: string, operation: 'Apply' | 'Update'): ManagerIdentity {
  return { name, operation, apiVersion: 'v1', subresource: '' };
}

function withoutEmpty(
  owners: readonly (readonly [string, readonly string[]])[],
): Record<string, readonly string[]> {
  return Object.fromEntries(
    owners.filter(([, paths]) => paths.length > 0).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function shownModel({ paths, owners }: ApplyModel) {
  const sorted = [...owners].map(([owner, owned]) => [owner, [...owned].sort()] as const);
  return { paths: textOf(paths), owners: withoutEmpty(sorted) };
}

/** Twenty writes of anybody, each by the code and by the model. */
function runBoth(shape: Struct, next: Stream, { updates }: { updates: boolean }): Applied {
  const real = new Applied(shape);
  const model = new ApplyModel();
  for (let i = 0; i < 20; i++) {
    const value = randomValue(shape, next);
    const name = pick(next, ['one', 'two', 'three']);
    const isUpdate = updates && next() < 0.3;
    if (isUpdate) {
      real.update(name, value);
      model.update(`Update ${name}`, pathsOf(value, shape));
    } else {
      const force = next() < 0.5;
      const expected = model.apply(`Apply ${name}`, pathsOf(value, shape), force);
      assert.deepEqual(real.apply(name, value, force), expected, 'conflicts');
    }
    assert.deepEqual(real.shown(), shownModel(model));
    assertOwned(real, model);
  }
  return real;
}

/** Whatever is owned is there, and whatever is there is owned by somebody. */
function assertOwned(real: Applied, { paths }: ApplyModel): void {
  const owned = new Set([...real.managers.values()].flatMap(({ fields }) => membersOf(fields)));
  assert.deepEqual([...owned].sort(), [...paths.keys()].sort());
}

test('applyConfiguration and updateManagers do what the model of apply says', async () => {
  await forEachSeed({
    count: 400,
    run: (next) => void runBoth(randomStruct(next, 0), next, { updates: true }),
  });
});

test('applyConfiguration changes nothing when the same is applied again', async () => {
  await forEachSeed({
    count: 100,
    run: (next) => {
      const shape = randomStruct(next, 0);
      const real = runBoth(shape, next, { updates: true });
      const value = randomValue(shape, next);
      real.apply('one', value, true);
      const { value: before, managers } = real;
      real.apply('one', value, false);
      assert.deepEqual(real.value, before);
      assert.deepEqual(toManagedFields(real.managers), toManagedFields(managers));
    },
  });
});

test('applyConfiguration of appliers that are not in conflict comes to the same in either order', async () => {
  await forEachSeed({
    count: 200,
    run: (next) => {
      const shape = randomStruct(next, 0);
      const start = runBoth(shape, next, { updates: false });
      const [first, second] = [randomValue(shape, next), randomValue(shape, next)];
      const inOrder = (...applies: [name: string, value: JsonValue][]) => {
        const real = new Applied(shape);
        Object.assign(real, { value: start.value, managers: start.managers });
        const conflicts = applies.flatMap(([name, value]) => real.apply(name, value, false));
        return conflicts.length > 0 ? undefined : real.shown();
      };
      const one = inOrder(['four', first], ['five', second]);
      const other = inOrder(['five', second], ['four', first]);
      if (one !== undefined && other !== undefined) assert.deepEqual(one, other);
    },
  });
});

test('parseManagedFields reads back whatever apply has come to', async () => {
  await forEachSeed({
    count: 50,
    run: (next) => {
      const { managers } = runBoth(randomStruct(next, 0), next, { updates: true });
      const entries = toManagedFields(managers);
      assert.deepEqual(toManagedFields(parseManagedFields(entries)), entries);
    },
  });
});
