import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecentMap } from './recent-map.ts';

const GENERATION = 3;

test('RecentMap has the newest value of the last keys used, and never an old one', () => {
  const step = fc.record({ sets: fc.boolean(), key: fc.nat(8) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new RecentMap<number, string>(GENERATION);
      const newest = new Map<number, string>();
      let used: number[] = [];
      for (const [i, { sets, key }] of steps.entries()) {
        const found = map.get(key);
        ok(found === undefined || found === newest.get(key));
        if (used.slice(0, GENERATION).includes(key)) equal(found, newest.get(key));
        if (sets) {
          map.set(key, `value ${i}`);
          newest.set(key, `value ${i}`);
        }
        if (sets || found !== undefined) used = [key, ...used.filter((each) => each !== key)];
      }
    }),
  );
});

test('RecentMap forgets what two generations of others came after', () => {
  const map = new RecentMap<number, string>(GENERATION);
  for (let key = 0; key <= 2 * GENERATION; key++) map.set(key, 'value');
  equal(map.get(0), undefined);
  equal(map.get(2 * GENERATION), 'value');
});

test('RecentMap bounds what its values weigh', () => {
  const map = new RecentMap<number, string>(10, (value) => value.length);
  for (let key = 0; key < 4; key++) map.set(key, '123456');
  // The first two reached 10 together; the next two are the younger generation.
  ok(map.get(0) !== undefined && map.get(3) !== undefined);
  for (let key = 4; key < 8; key++) map.set(key, '123456');
  equal(map.get(1), undefined);
  map.set(7, '');
  map.set(7, '1');
  ok(map.get(6) !== undefined);
});
