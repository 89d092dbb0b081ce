/** What is to be seen of priority and fairness: metrics in Prometheus' text format. */
import type { Fairness } from './fairness.ts';
import { type FlowCounters, WAIT_BOUNDS } from './flow-counters.ts';
import type { PriorityLevel } from './priority-level.ts';

interface Metric<T> {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  of(subject: T): number;
}

const PREFIX = 'apiserver_flowcontrol_';

const OF_LEVELS: readonly Metric<PriorityLevel>[] = [
  gauge('nominal_limit_seats', 'Nominal number of execution seats', ({ limits }) => limits.nominal),
  gauge('lower_limit_seats', 'Lower bound on number of execution seats', ({ limits }) => limits.lower),
  gauge('upper_limit_seats', 'Upper bound on number of execution seats', ({ limits }) => limits.upper),
  gauge('current_limit_seats', 'Current number of execution seats', ({ currentSeats }) => currentSeats),
  gauge(
    'demand_seats_high_watermark',
    'High watermark, over the last adjustment period, of demand',
    ({ demand }) => demand.highWatermark,
  ),
  gauge(
    'demand_seats_average',
    'Average, over the last adjustment period, of demand',
    ({ demand }) => demand.average,
  ),
  gauge(
    'demand_seats_stdev',
    'Deviation, over the last adjustment period, of demand',
    ({ demand }) => demand.deviation,
  ),
  gauge('demand_seats_smoothed', 'Smoothed seat demands', ({ demand }) => demand.smoothed),
  gauge('target_seats', 'Seat allocation targets', ({ demand }) => demand.target),
];

const OF_FLOWS: readonly Metric<FlowCounters>[] = [
  {
    name: 'dispatched_requests_total',
    type: 'counter',
    help: 'Requests that were executed',
    of: ({ dispatched }) => dispatched,
  },
  gauge('current_inqueue_requests', 'Requests that wait', ({ waiting }) => waiting),
  gauge('current_inqueue_seats', 'Seats that are waited for', ({ waitingSeats }) => waitingSeats),
  gauge('current_executing_requests', 'Requests that are executed', ({ executing }) => executing),
  gauge('current_executing_seats', 'Seats in use', ({ executingSeats }) => executingSeats),
];

function gauge<T>(name: string, help: string, of: (subject: T) => number): Metric<T> {
  return { name, type: 'gauge', help, of };
}

export function fairnessMetrics({ levels, counters }: Fairness): string {
  const flows = [...counters];
  const lines = [
    ...OF_LEVELS.flatMap((metric) => [
      ...head(metric),
      ...[...levels.all].map((level) =>
        sample(metric.name, { priority_level: level.name }, metric.of(level)),
      ),
    ]),
    ...OF_FLOWS.flatMap((metric) => [
      ...head(metric),
      ...flows.map((flow) => sample(metric.name, labelsOf(flow), metric.of(flow))),
    ]),
    ...rejections(flows),
    ...waits(flows),
    ...head(gauge('seat_fair_frac', 'Fair fraction of the server’s concurrency', () => 0)),
    sample('seat_fair_frac', {}, levels.fairFraction),
  ];
  return `${lines.join('\n')}\n`;
}

function head({ name, type, help }: { name: string; type: string; help: string }): string[] {
  return [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`];
}

function sample(name: string, labels: Record<string, string>, value: number): string {
  const shown = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
  return `${PREFIX}${name}${shown.length === 0 ? '' : `{${shown.join(',')}}`} ${value}`;
}

function labelsOf({ level, schema }: FlowCounters): Record<string, string> {
  return { priority_level: level, flow_schema: schema };
}

function rejections(flows: readonly FlowCounters[]): string[] {
  const name = 'rejected_requests_total';
  return [
    ...head({ name, type: 'counter', help: 'Requests that were refused' }),
    ...flows.flatMap((flow) =>
      [...flow.refused].map(([reason, count]) => sample(name, { ...labelsOf(flow), reason }, count)),
    ),
  ];
}

function waits(flows: readonly FlowCounters[]): string[] {
  const name = 'request_wait_duration_seconds';
  const help = 'How long requests waited that were executed';
  return [...head({ name, type: 'histogram', help }), ...flows.flatMap((flow) => waitsOf(name, flow))];
}

function waitsOf(name: string, flow: FlowCounters): string[] {
  const labels = { ...labelsOf(flow), execute: 'true' };
  let sum = 0;
  const buckets = flow.waits.map((count, index) => {
    sum += count;
    const le = String(WAIT_BOUNDS[index] ?? '+Inf');
    return sample(`${name}_bucket`, { ...labels, le }, sum);
  });
  return [...buckets, sample(`${name}_sum`, labels, flow.waitSeconds), sample(`${name}_count`, labels, sum)];
}
