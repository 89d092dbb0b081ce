import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from './benchmark.ts';
import type { Budget } from './budgets.ts';
import { renderReport, toRows } from './report.ts';

const budgets: Budget[] = [
  { what: 'writes', metric: 'writes', of: 'value', bound: 'at least', limit: 1000, unit: '/s' },
  { what: 'latency', metric: 'latency', of: 'p99', bound: 'at most', limit: 25, unit: 'ms' },
  { what: 'memory', metric: 'memory', of: 'value', bound: 'at most', limit: 90, unit: 'MB' },
];

test('toRows judges each budget by the number that it binds', () => {
  const rows = toRows(
    [
      { metric: 'writes', value: 1200, unit: '/s' },
      { metric: 'latency', value: 2, p99: 26, unit: 'ms' },
      { metric: 'extra', value: 7, unit: 'ms' },
    ],
    budgets,
  );
  assert.deepEqual(
    rows.map(({ what, budget, verdict }) => [what, budget, verdict]),
    [
      ['writes', '≥ 1,000/s', 'ok'],
      ['latency', 'p99 ≤ 25 ms', 'missed'],
      ['memory', '≤ 90 MB', 'not measured'],
      ['extra', '', 'no budget'],
    ],
  );
});

test('renderReport names the machine and aligns its columns', () => {
  const machine = { cpu: 'A CPU', cores: 2, memoryGiB: 8, kernel: 'linux 6.1 x64', node: 'v24.0.0' };
  const rows = toRows([{ metric: 'latency', value: 2.345, p99: 12.34, unit: 'ms' }], budgets.slice(1, 2));
  assert.equal(
    renderReport(machine, rows),
    [
      'A CPU, 2 cores, 8 GiB · linux 6.1 x64 · node v24.0.0',
      '',
      'what          budget   median      p99  verdict',
      'latency  p99 ≤ 25 ms  2.35 ms  12.3 ms  ok',
    ].join('\n'),
  );
});

test('summarize takes the median and the 99th percentile', () => {
  const samples = Array.from({ length: 200 }, (_, i) => 200 - i);
  assert.deepEqual(summarize('latency', samples, 'ms'), {
    metric: 'latency',
    value: 100,
    p99: 198,
    unit: 'ms',
  });
  assert.ok(Number.isNaN(summarize('latency', [], 'ms').value));
});
