import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseQuantityMilli } from '../../base/quantity.ts';
import { canonicalQuantity } from './structural-quantity.ts';
import { canonicalTime } from './structural-time.ts';

test('canonicalQuantity writes what upstream stores', () => {
  const cases: Record<string, string> = {
    '0': '0',
    '-0': '0',
    '0Gi': '0',
    '1000m': '1',
    '1500m': '1500m',
    '0.5': '500m',
    '.5': '500m',
    '1.': '1',
    '+1': '1',
    '1000': '1k',
    '1024': '1024',
    '1000000': '1M',
    '1.5Gi': '1536Mi',
    '1024Mi': '1Gi',
    '0.5Ki': '512',
    '512Ki': '512Ki',
    '1.1Ki': '1127',
    '0.0001Ki': '1',
    '1e3': '1e3',
    '12E6': '12e6',
    '0.1e3': '100',
    '1e1': '10',
    '1E': '1E',
    '100n': '100n',
    '0.1n': '1n',
    '-1.5': '-1500m',
    '1000E': '9223372036854775807',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(canonicalQuantity(text), expected, text);
});

test('canonicalQuantity complains in upstream words', () => {
  const format =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  for (const text of ['', 'abc', '1KiB', '1 Gi', '1.2.3', '1,5']) {
    assert.deepEqual(canonicalQuantity(text), { error: format }, text);
  }
  for (const text of ['1mm', '1Kii', '1K', '1e', '1Mi3']) {
    assert.deepEqual(canonicalQuantity(text), { error: "unable to parse quantity's suffix" }, text);
  }
  for (const text of ['.', 'm', '-']) {
    assert.deepEqual(canonicalQuantity(text), { error: 'unable to parse numeric part of quantity' }, text);
  }
});

test('canonicalQuantity keeps the value and is stable', () => {
  const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E2');
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(999), suffix, (whole, thousandths, unit) => {
      const text = `${whole}.${String(thousandths).padStart(3, '0')}${unit}`;
      const canonical = canonicalQuantity(text);
      assert.ok(typeof canonical === 'string');
      assert.equal(canonicalQuantity(canonical), canonical);
      const before = parseQuantityMilli(text) ?? 0n;
      const after = parseQuantityMilli(canonical) ?? 0n;
      // Binary quantities are rounded up to whole units.
      assert.ok(after >= before && after - before < 1000n, `${text} became ${canonical}`);
    }),
  );
});

test('canonicalQuantity reads a binary quantity that no suffix fits as the number that it is', () => {
  assert.equal(canonicalQuantity('638.671Ki'), '654k');
  assert.equal(canonicalQuantity('1.001Ki'), '1026');
});

test('canonicalTime stores whole seconds in UTC', () => {
  assert.equal(canonicalTime('2024-02-29T10:00:00Z', 'seconds'), '2024-02-29T10:00:00Z');
  assert.equal(canonicalTime('2024-02-29T10:00:00.999+01:30', 'seconds'), '2024-02-29T08:30:00Z');
  assert.equal(canonicalTime('2024-02-29T10:00:00.123456-02:00', 'micros'), '2024-02-29T12:00:00.123456Z');
});

test('canonicalTime complains as Go does', () => {
  const layout = '2006-01-02T15:04:05Z07:00';
  const cases: Record<string, string> = {
    '': `parsing time "" as "${layout}": cannot parse "" as "2006"`,
    today: `parsing time "today" as "${layout}": cannot parse "today" as "2006"`,
    '2024-01-01 10:00:00Z': `parsing time "2024-01-01 10:00:00Z" as "${layout}": cannot parse " 10:00:00Z" as "T"`,
    '2024-01-01T10:00:00': `parsing time "2024-01-01T10:00:00" as "${layout}": cannot parse "" as "Z07:00"`,
    '2024-13-01T10:00:00Z': 'parsing time "2024-13-01T10:00:00Z": month out of range',
    '2023-02-29T10:00:00Z': 'parsing time "2023-02-29T10:00:00Z": day out of range',
    '2024-01-01T25:00:00Z': 'parsing time "2024-01-01T25:00:00Z": hour out of range',
    '2024-01-01T10:00:00Zx': 'parsing time "2024-01-01T10:00:00Zx": extra text: "x"',
  };
  for (const [text, error] of Object.entries(cases))
    assert.deepEqual(canonicalTime(text, 'seconds'), { error });
});
