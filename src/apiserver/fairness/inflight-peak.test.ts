import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InflightPeak } from './inflight-peak.ts';

test('InflightPeak tells the most of the last whole second, and what stayed since', () => {
  const peak = new InflightPeak();
  peak.add(1, 1000);
  peak.add(1, 1100);
  peak.add(-1, 1200);
  assert.equal(peak.ofLastSecond(1900), 0);
  assert.equal(peak.ofLastSecond(2000), 2);
  assert.equal(peak.ofLastSecond(3500), 1);
  peak.add(-1, 3600);
  assert.equal(peak.ofLastSecond(9000), 0);
});
