import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { assert as invariant } from '../../base/assert.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { schemaForKind } from '../schema.ts';
import { type ApplyType, applyTypeOf, DEDUCED } from './apply-type.ts';
import { EMPTY_SET, fieldSetOf, parseFieldsV1, toFieldsV1 } from './field-set.ts';
import { parseManagedFields, toManagedFields, withTime } from './managed-fields.ts';
import { applyConfiguration, type ManagerIdentity, type Managers, updateManagers } from './managers.ts';
import { mergeValues } from './merge-values.ts';
import { compareValues, removeFields, toFieldSet } from './typed-value.ts';

function typeOf(group: string, version: string, kind: string): ApplyType {
  const schema = schemaForKind({ group, version, kind });
  invariant(schema !== undefined, kind);
  return applyTypeOf(schema);
}

const POD = typeOf('', 'v1', 'Pod');
const SERVICE = typeOf('', 'v1', 'Service');
const CONFIG_MAP = typeOf('', 'v1', 'ConfigMap');

const applier = (name: string): ManagerIdentity => ({
  name,
  operation: 'Apply',
  apiVersion: 'v1',
  subresource: '',
});
const updater = (name: string): ManagerIdentity => ({ ...applier(name), operation: 'Update' });

/** An object, its owners, and what is done to it. */
class Applied {
  value: JsonValue = {};
  managers: Managers = new Map();
  readonly #type: ApplyType;

  constructor(type: ApplyType) {
    this.#type = type;
  }

  /** @returns the conflicts, as `manager: path path` */
  apply(name: string, applied: JsonValue, force = false): string[] {
    const context = { managers: this.managers, manager: applier(name), ignored: EMPTY_SET, force };
    const outcome = applyConfiguration(this.#type, { live: this.value, applied }, context);
    if (outcome.conflicts.length === 0) {
      this.value = outcome.value;
      this.managers = outcome.managers;
    }
    return outcome.conflicts.map(
      ({ manager, fields }) => `${manager.name}: ${[...fields.paths()].join(' ')}`,
    );
  }

  update(name: string, after: JsonValue): void {
    const context = { managers: this.managers, manager: updater(name), ignored: EMPTY_SET };
    this.managers = updateManagers(this.#type, { before: this.value, after }, context);
    this.value = after;
  }

  ownedBy(name: string): string[] {
    const manager = [...this.managers.values()].find((candidate) => candidate.name === name);
    return manager === undefined ? [] : [...manager.fields.paths()];
  }
}

test('toFieldSet names fields, items by their keys, and what is one value', () => {
  const set = toFieldSet(POD, {
    metadata: { labels: { app: 'web' }, finalizers: ['a/b'] },
    spec: {
      containers: [{ name: 'web', image: 'i', args: ['x'], ports: [{ containerPort: 80 }] }],
      nodeSelector: { disk: 'ssd' },
    },
  });
  deepEqual(toFieldsV1(set), {
    'f:metadata': {
      'f:finalizers': { 'v:"a/b"': {} },
      'f:labels': { 'f:app': {} },
    },
    'f:spec': {
      'f:containers': {
        'k:{"name":"web"}': {
          '.': {},
          'f:args': {},
          'f:image': {},
          'f:name': {},
          'f:ports': {
            'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
          },
        },
      },
      'f:nodeSelector': {},
    },
  });
});

test('parseFieldsV1 reads back what toFieldsV1 wrote', () => {
  const set = toFieldSet(POD, {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'a' }] },
  });
  ok(parseFieldsV1(toFieldsV1(set)).equals(set));
});

test('parseFieldsV1 refuses what is no set of fields', () => {
  throws(() => parseFieldsV1({ replicas: {} }), /"replicas", which is no path element/);
  throws(() => parseFieldsV1('x'), /must be an object/);
});

test('compareValues finds what was added, removed and modified', () => {
  const { added, removed, modified } = compareValues(
    CONFIG_MAP,
    { data: { a: '1', b: '2' } },
    { data: { a: '1', b: '3', c: '4' } },
  );
  deepEqual([...added.paths()], ['.data.c']);
  deepEqual([...modified.paths()], ['.data.b']);
  deepEqual([...removed.paths()], []);
});

test('mergeValues merges keyed lists item by item and keeps the order in which they are applied', () => {
  const merged = mergeValues(
    POD,
    {
      spec: {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '1' },
          { name: 'c', image: '1' },
        ],
      },
    },
    { spec: { containers: [{ name: 'c', image: '2' }, { name: 'd', image: '2' }, { name: 'a' }] } },
  ) as { spec: { containers: { name: string; image?: string }[] } };
  deepEqual(merged.spec.containers, [
    { name: 'b', image: '1' },
    { name: 'c', image: '2' },
    { name: 'd', image: '2' },
    { name: 'a', image: '1' },
  ]);
});

test('mergeValues replaces atomic lists and maps as a whole', () => {
  const merged = mergeValues(
    POD,
    { spec: { nodeSelector: { a: '1' }, containers: [{ name: 'a', args: ['x', 'y'] }] } },
    { spec: { nodeSelector: { b: '2' }, containers: [{ name: 'a', args: ['z'] }] } },
  );
  deepEqual(merged, { spec: { nodeSelector: { b: '2' }, containers: [{ name: 'a', args: ['z'] }] } });
});

test('mergeValues gives back the live value itself, and its parts, where nothing changes', () => {
  const live: JsonObject = {
    spec: { replicas: 1, template: { spec: { containers: [{ name: 'web', image: 'a' }] } } },
  };
  equal(mergeValues(typeOf('apps', 'v1', 'Deployment'), live, structuredClone(live)), live);
  const merged = mergeValues(typeOf('apps', 'v1', 'Deployment'), live, {
    spec: { replicas: 2 },
  }) as typeof live;
  deepEqual(merged, { spec: { ...(live['spec'] as object), replicas: 2 } });
  equal((merged['spec'] as JsonObject)['template'], (live['spec'] as JsonObject)['template']);
});

test('FieldSet shares what an operation leaves as it is', () => {
  const set = fieldSetOf(['f:a', 'f:b'], ['f:c']);
  const other = fieldSetOf(['f:a', 'f:x'], ['f:d']);
  equal(set.difference(other), set);
  equal(set.union(fieldSetOf(['f:a', 'f:b'])), set);
  equal(set.union(other).intersection(set).equals(set), true);
  equal(set.union(other).below('f:c'), set.below('f:c'));
  deepEqual([set.isWithin(set.union(other)), set.union(other).isWithin(set)], [true, false]);
  equal(set.difference(set).isEmpty, true);
});

test('removeFields takes away the paths and what is left empty by it', () => {
  const left = removeFields(
    CONFIG_MAP,
    { data: { a: '1' }, immutable: true },
    fieldSetOf(['f:data', 'f:a'], ['f:data']),
  );
  deepEqual(left, { immutable: true });
});

test('applyConfiguration owns what it names; two appliers of the same value own it together', () => {
  const map = new Applied(CONFIG_MAP);
  deepEqual(map.apply('one', { data: { a: '1' } }), []);
  deepEqual(map.apply('two', { data: { a: '1', b: '2' } }), []);
  deepEqual(map.ownedBy('one'), ['.data.a']);
  deepEqual(map.ownedBy('two'), ['.data.a', '.data.b']);
});

test('applyConfiguration refuses to change what another owns, unless it is forced', () => {
  const map = new Applied(CONFIG_MAP);
  map.apply('one', { data: { a: '1', b: '1' } });
  deepEqual(map.apply('two', { data: { a: '2' } }), ['one: .data.a']);
  deepEqual(map.value, { data: { a: '1', b: '1' } });
  deepEqual(map.apply('two', { data: { a: '2' } }, true), []);
  deepEqual(map.value, { data: { a: '2', b: '1' } });
  deepEqual(map.ownedBy('one'), ['.data.b']);
});

test('applyConfiguration removes what its manager no longer names, and only that', () => {
  const map = new Applied(CONFIG_MAP);
  map.apply('one', { data: { a: '1', b: '1', shared: '1' } });
  map.apply('two', { data: { shared: '1', c: '1' } });
  map.apply('one', { data: { a: '1' } });
  deepEqual(map.value, { data: { a: '1', shared: '1', c: '1' } });
  map.apply('two', {});
  deepEqual(map.value, { data: { a: '1' } });
  map.apply('one', {});
  deepEqual(map.value, {});
});

test('applyConfiguration removes an item of a keyed list with all of it, and keeps what others own of it', () => {
  const pod = new Applied(POD);
  pod.apply('one', {
    spec: {
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ],
    },
  });
  pod.apply('two', { spec: { containers: [{ name: 'b', env: [{ name: 'X', value: '1' }] }] } });
  pod.apply('one', { spec: { containers: [{ name: 'a', image: '1' }] } });
  deepEqual(pod.value, {
    spec: {
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', env: [{ name: 'X', value: '1' }] },
      ],
    },
  });
});

test('applyConfiguration changes nothing when it is repeated', () => {
  const service = new Applied(SERVICE);
  const config = { spec: { ports: [{ port: 80, name: 'http' }], selector: { app: 'web' } } };
  service.apply('one', config);
  const { value, managers } = service;
  service.apply('one', config);
  deepEqual(service.value, value);
  deepEqual(toManagedFields(service.managers), toManagedFields(managers));
});

test('applyConfiguration takes over what an update had set to the same value, without a conflict', () => {
  const map = new Applied(CONFIG_MAP);
  map.update('kubectl', { data: { a: '1' } });
  deepEqual(map.apply('one', { data: { a: '1' } }), []);
  deepEqual(map.apply('one', { data: { a: '2' } }), ['kubectl: .data.a']);
});

test('updateManagers takes what it changes from everybody, and what it removes', () => {
  const map = new Applied(CONFIG_MAP);
  map.apply('one', { data: { a: '1', b: '1', c: '1' } });
  map.update('scaler', { data: { a: '2', b: '1' } });
  deepEqual(map.ownedBy('one'), ['.data.b']);
  deepEqual(map.ownedBy('scaler'), ['.data.a']);
  map.update('scaler', { data: { b: '1' } });
  deepEqual(map.ownedBy('scaler'), []);
});

test('updateManagers leaves ownership of an atomic list whole', () => {
  const pod = new Applied(POD);
  pod.apply('one', { spec: { containers: [{ name: 'a', args: ['x'] }] } });
  pod.update('two', { spec: { containers: [{ name: 'a', args: ['x', 'y'] }] } });
  deepEqual(pod.ownedBy('two'), ['.spec.containers[name="a"].args']);
  ok(!pod.ownedBy('one').includes('.spec.containers[name="a"].args'));
});

test('withTime gives the time to managers whose fields have changed, and to no other', () => {
  const map = new Applied(CONFIG_MAP);
  map.apply('one', { data: { a: '1' } });
  const first = withTime(new Map(), map.managers, '2026-01-01T00:00:00Z');
  map.managers = first;
  map.apply('two', { data: { b: '1' } });
  const second = withTime(first, map.managers, '2026-01-01T00:00:10Z');
  deepEqual(
    toManagedFields(second).map(({ manager, time }) => [manager, time]),
    [
      ['one', '2026-01-01T00:00:00Z'],
      ['two', '2026-01-01T00:00:10Z'],
    ],
  );
});

test('parseManagedFields reads back what toManagedFields wrote', () => {
  const map = new Applied(CONFIG_MAP);
  map.apply('one', { data: { a: '1' } });
  map.update('two', { data: { a: '1', b: '2' } });
  const entries = toManagedFields(map.managers);
  deepEqual(toManagedFields(parseManagedFields(entries)), entries);
});

test('DEDUCED sees an object field by field and a list as one', () => {
  const thing = new Applied(DEDUCED);
  thing.apply('one', { spec: { list: [1, 2], deep: { a: 1 } } } as JsonObject);
  deepEqual(thing.ownedBy('one'), ['.spec', '.spec.deep', '.spec.deep.a', '.spec.list']);
  equal(thing.apply('two', { spec: { list: [1] } }).length, 1);
});

test('FieldSet.equals tells a set from one that holds more of it further down', () => {
  const [less, more] = [fieldSetOf(['f:a', 'f:b']), fieldSetOf(['f:a', 'f:b'], ['f:a', 'f:c'])];
  ok(!less.equals(more));
  ok(!more.equals(less));
  ok(less.equals(fieldSetOf(['f:a', 'f:b'])));
});

test('parseFieldsV1 refuses elements whose keys or values are no JSON', () => {
  for (const element of ['k:{', 'k:[]', 'v:', 'v:{', 'i:x', 'i:-1'])
    throws(() => parseFieldsV1({ 'f:a': { [element]: {} } }), /which is no path element/);
  ok(!parseFieldsV1({ 'f:a': { 'k:{"name":"x"}': {}, 'v:"b"': {}, 'i:0': {} } }).isEmpty);
});
