/**
 * Metrics as Prometheus reads them: text format 0.0.4. One name stands in one place, with all its samples.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats
 */
import type { Histogram } from './histogram.ts';

export interface Metric {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
}

/** `{a="b"}` without the braces; empty for none. */
export type LabelText = string;
export type Sample = readonly [labels: LabelText, value: number];

export function labelText(labels: Readonly<Record<string, string>>): LabelText {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`)
    .join(',');
}

/** `metric` with its samples; nothing where there are none, so that nobody alerts on what never was. */
export function metricText(metric: Metric, samples: Iterable<Sample>): string {
  let text = '';
  for (const [labels, value] of samples) text += sampleLine(metric.name, labels, value);
  return text === '' ? '' : head(metric) + text;
}

export function histogramText(
  metric: Omit<Metric, 'type'>,
  histograms: Iterable<readonly [LabelText, Histogram]>,
): string {
  const { name } = metric;
  let text = '';
  for (const [labels, histogram] of histograms) {
    const before = labels === '' ? '' : `${labels},`;
    for (const [bound, count] of histogram.cumulative())
      text += sampleLine(`${name}_bucket`, `${before}le="${bound}"`, count);
    text += sampleLine(`${name}_sum`, labels, histogram.sum);
    text += sampleLine(`${name}_count`, labels, histogram.count);
  }
  return text === '' ? '' : head({ ...metric, type: 'histogram' }) + text;
}

function head({ name, type, help }: Metric): string {
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`;
}

function sampleLine(name: string, labels: LabelText, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
