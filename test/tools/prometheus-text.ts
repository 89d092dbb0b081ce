/**
 * Reads metrics in Prometheus' text format 0.0.4, strictly: what a scraper might forgive is an error here.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats
 */
import assert from 'node:assert/strict';
import { canonicalJson } from '../../src/api/json.ts';

export interface ReadSample {
  /** With `_bucket`, `_sum` or `_count` for a histogram. */
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

export interface ReadMetric {
  type: string;
  help: string;
  samples: ReadSample[];
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const NUMBER = /^(?:[-+]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|Inf)|NaN)$/;
const PARTS: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** By name. @throws AssertionError for text that is not in the format */
export function readPrometheusText(text: string): Map<string, ReadMetric> {
  assert.ok(text.endsWith('\n'), 'the last line ends too');
  const metrics = new Map<string, ReadMetric>();
  let current: { name: string; metric: ReadMetric } | undefined;
  const seen = new Set<string>();
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === '') continue;
    const head = HEAD.exec(line);
    if (head !== null) {
      current = headOf(head as unknown as Head, current, metrics);
      continue;
    }
    assert.ok(!line.startsWith('#'), `a comment that means nothing: ${line}`);
    assert.ok(current !== undefined && current.metric.type !== '', `${line} stands without a type`);
    const sample = sampleOf(line);
    const parts = PARTS[current.metric.type] ?? [''];
    assert.ok(
      parts.includes(sample.name.slice(current.name.length)) && sample.name.startsWith(current.name),
      `${line} stands under ${current.name}`,
    );
    const key = `${sample.name} ${canonicalJson(sample.labels)}`;
    assert.ok(!seen.has(key), `twice: ${line}`);
    seen.add(key);
    current.metric.samples.push(sample);
  }
  for (const [name, metric] of metrics) if (metric.type === 'histogram') checkHistogram(name, metric);
  return metrics;
}

type Head = readonly [line: string, kind: 'HELP' | 'TYPE', name: string, rest: string];

function headOf(
  [line, kind, name, rest]: Head,
  current: { name: string; metric: ReadMetric } | undefined,
  metrics: Map<string, ReadMetric>,
): { name: string; metric: ReadMetric } {
  if (kind === 'HELP') {
    assert.ok(!metrics.has(name), `the metric stands in two places: ${line}`);
    const metric = { type: '', help: rest, samples: [] };
    metrics.set(name, metric);
    return { name, metric };
  }
  assert.equal(current?.name, name, `${line} follows its help`);
  assert.equal(current.metric.type, '', `a second type: ${line}`);
  assert.ok(TYPES.includes(rest), `not a type: ${line}`);
  current.metric.type = rest;
  return current;
}

function sampleOf(line: string): ReadSample {
  const match = SAMPLE.exec(line);
  assert.ok(match !== null, `not a sample: ${line}`);
  const [, name = '', labels = '', value = ''] = match;
  assert.match(value, NUMBER, line);
  return { name, labels: labelsOf(labels, line), value: Number(value.replace('Inf', 'Infinity')) };
}

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    assert.ok(match !== null, `not labels: ${line}`);
    const [, name = '', value = ''] = match;
    assert.ok(!Object.hasOwn(labels, name), `a label twice: ${line}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

/** For each set of labels: buckets grow with their bounds, and the last of them is the count. */
function checkHistogram(name: string, { samples }: ReadMetric): void {
  const withoutBound = ({ labels }: ReadSample) => canonicalJson({ ...labels, le: '' });
  for (const own of Map.groupBy(samples, withoutBound).values()) {
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
      `bounds of ${name} ascend`,
    );
    assert.equal(bounds.at(-1), Infinity, `${name} has a bucket for everything`);
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
      `buckets of ${name} are cumulative`,
    );
    const count = own.find((sample) => sample.name === `${name}_count`);
    assert.equal(count?.value, counts.at(-1), `${name}_count is that of its last bucket`);
    assert.ok(
      own.some((sample) => sample.name === `${name}_sum`),
      `${name} has a sum`,
    );
  }
}
