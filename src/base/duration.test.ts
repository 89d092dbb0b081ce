import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAge, formatGoDuration, parseGoDuration } from './duration.ts';

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test('formatAge changes units where kubectl does', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [119 * S, '119s'],
    [120 * S, '2m'],
    [9 * M + 59 * S, '9m59s'],
    [10 * M + 59 * S, '10m'],
    [179 * M, '179m'],
    [3 * H, '3h'],
    [7 * H + 59 * M, '7h59m'],
    [8 * H + 59 * M, '8h'],
    [48 * H, '2d'],
    [7 * D + 23 * H, '7d23h'],
    [8 * D, '8d'],
    [730 * D, '2y'],
    [-5 * S, '<invalid>'],
  ];
  for (const [ms, text] of cases) assert.equal(formatAge(ms), text, String(ms));
});

test('formatGoDuration writes what the back-off messages show', () => {
  assert.equal(formatGoDuration(10 * S), '10s');
  assert.equal(formatGoDuration(160 * S), '2m40s');
  assert.equal(formatGoDuration(5 * M), '5m0s');
  assert.equal(formatGoDuration(H), '1h0m0s');
});

test('formatGoDuration is exact to the nanosecond, below a second in the unit that fits', () => {
  assert.equal(formatGoDuration(0), '0s');
  assert.equal(formatGoDuration(0.000_001), '1ns');
  assert.equal(formatGoDuration(0.001_5), '1.5µs');
  assert.equal(formatGoDuration(1.5), '1.5ms');
  assert.equal(formatGoDuration(1500), '1.5s');
  assert.equal(formatGoDuration(-90 * S), '-1m30s');
  assert.equal(formatGoDuration(26 * H + 0.000_001), '26h0m0.000000001s');
});

test('parseGoDuration reads sums and refuses the rest', () => {
  assert.equal(parseGoDuration('1h30m'), 90 * M);
  assert.equal(parseGoDuration('1.5s'), 1500);
  for (const text of ['', '5', 's', '5 s', '-1s']) assert.equal(parseGoDuration(text), undefined, text);
});

test('parseGoDuration is exact where fractions of a second are not, and reads back what was written', () => {
  assert.equal(parseGoDuration('1.001s'), 1001);
  assert.equal(parseGoDuration('2m0.3s'), 120_300);
  for (let ms = 1; ms < 5000; ms++) assert.equal(parseGoDuration(formatGoDuration(ms)), ms);
});
