/** What is to be seen of priority and fairness: metrics in Prometheus' text format. */

import { histogramText, labelText, metricText, type Sample } from '../metrics/text-format.ts';
import type { Fairness } from './fairness.ts';
import type { FlowCounters } from './flow-counters.ts';
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

export function fairnessMetrics({ levels, counters, inflight }: Fairness, nowMs: number): string {
  const flows = [...counters].map((flow) => ({ flow, labels: labelText(labelsOf(flow)) }));
  const all = [...levels.all];
  return [
    ...OF_LEVELS.map((metric) =>
      metricText(
        prefixed(metric),
        all.map((level) => [labelText({ priority_level: level.name }), metric.of(level)]),
      ),
    ),
    ...OF_FLOWS.map((metric) =>
      metricText(
        prefixed(metric),
        flows.map(({ flow, labels }) => [labels, metric.of(flow)]),
      ),
    ),
    metricText(
      prefixed({ name: 'rejected_requests_total', type: 'counter', help: 'Requests that were refused' }),
      flows.flatMap(({ flow, labels }) =>
        [...flow.refused].map(([reason, count]): Sample => [`${labels},reason="${reason}"`, count]),
      ),
    ),
    histogramText(
      prefixed({
        name: 'request_wait_duration_seconds',
        help: 'How long requests waited that were executed',
      }),
      flows.map(({ flow, labels }) => [`${labels},execute="true"`, flow.waits]),
    ),
    histogramText(
      prefixed({
        name: 'request_execution_seconds',
        help: 'How long requests were executed; a watch until it has begun',
      }),
      flows.flatMap(({ flow, labels }) =>
        Object.entries(flow.executions)
          .filter(([, histogram]) => histogram.count > 0)
          .map(([type, histogram]) => [`${labels},type="${type}"`, histogram] as const),
      ),
    ),
    metricText(
      prefixed({ name: 'seat_fair_frac', type: 'gauge', help: 'Fair fraction of the server’s concurrency' }),
      [['', levels.fairFraction]],
    ),
    metricText(
      {
        name: 'apiserver_current_inflight_requests',
        type: 'gauge',
        help: 'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
      },
      [
        ['request_kind="mutating"', inflight.mutating.ofLastSecond(nowMs)],
        ['request_kind="readOnly"', inflight.readOnly.ofLastSecond(nowMs)],
      ],
    ),
  ].join('');
}

function prefixed<M extends { name: string }>(metric: M): M {
  return { ...metric, name: PREFIX + metric.name };
}

function labelsOf({ level, schema }: FlowCounters): Record<string, string> {
  return { priority_level: level, flow_schema: schema };
}
