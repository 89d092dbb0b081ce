/** Measurements beside their budgets, as rows and as a table for the terminal. */
import type { Measurement } from './benchmark.ts';
import type { Budget } from './budgets.ts';
import type { Machine } from './machine.ts';

export type Verdict = 'ok' | 'missed' | 'not measured' | 'no budget';

export interface ReportRow {
  what: string;
  metric: string;
  budget: string;
  value: number | undefined;
  p99: number | undefined;
  unit: string;
  verdict: Verdict;
}

/** One row for each budget and then for each measurement without one, in the given orders. */
export function toRows(measurements: readonly Measurement[], budgets: readonly Budget[]): ReportRow[] {
  const byMetric = new Map(measurements.map((measurement) => [measurement.metric, measurement]));
  const promised = budgets.map((budget) => toRow(budget, byMetric.get(budget.metric)));
  const metrics = new Set(budgets.map(({ metric }) => metric));
  const others = measurements
    .filter(({ metric }) => !metrics.has(metric))
    .map(({ metric, value, p99, unit }): ReportRow => {
      return { what: metric, metric, budget: '', value, p99, unit, verdict: 'no budget' };
    });
  return [...promised, ...others];
}

export function renderReport(machine: Machine, rows: readonly ReportRow[]): string {
  const cells = rows.map(({ what, budget, value, p99, unit, verdict }) => {
    return [what, budget, toText(value, unit), toText(p99, unit), verdict];
  });
  const lines = align([['what', 'budget', 'median', 'p99', 'verdict'], ...cells]);
  const { cpu, cores, memoryGiB, kernel, node } = machine;
  return [`${cpu}, ${cores} cores, ${memoryGiB} GiB · ${kernel} · node ${node}`, '', ...lines].join('\n');
}

function toRow(budget: Budget, measurement: Measurement | undefined): ReportRow {
  const { what, metric, of, bound, limit, unit } = budget;
  const text = `${of === 'p99' ? 'p99 ' : ''}${bound === 'at most' ? '≤' : '≥'} ${toText(limit, unit)}`;
  return {
    what,
    metric,
    budget: text,
    value: measurement?.value,
    p99: measurement?.p99,
    unit,
    verdict: judge(budget, measurement?.[of]),
  };
}

function judge({ bound, limit }: Budget, measured: number | undefined): Verdict {
  if (measured === undefined) return 'not measured';
  return (bound === 'at most' ? measured <= limit : measured >= limit) ? 'ok' : 'missed';
}

function toText(value: number | undefined, unit: string): string {
  if (value === undefined) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const number = value.toLocaleString('en-US', { maximumFractionDigits: digits });
  return unit.startsWith('/') ? number + unit : `${number} ${unit}`;
}

/** Columns as wide as their widest cell; numbers, in the middle columns, to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isText = (column: number) => column === 0 || column === widths.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
