/**
 * What becomes of requests, as upstream counts it: from the moment on when their route is known, until they are answered; a
 * watch, and what else lasts, until it has ended. Whoever is refused before is not counted, but for those that found no seat.
 *
 * The path of every request leads through here: it costs one lookup and one small object.
 *
 * @see k8s.io/apiserver/pkg/endpoints/metrics/metrics.go MonitorRequest, RecordLongRunning, RecordDroppedRequest
 */

import type { ApiRequest, ApiResponse, ResponseBody } from '../../api/message.ts';
import type { ResourceRow } from '../../api/resources.ts';
import type { Clock } from '../../base/clock.ts';
import { ownValue } from '../../base/own-value.ts';
import { onBodyEnd } from '../audit/body-end.ts';
import type { RequestInfo } from '../route.ts';
import { Histogram } from './histogram.ts';
import { dryRunLabel, type RequestLabels, reportedVerb, requestScope, routeScope } from './request-labels.ts';
import { histogramText, type LabelText, labelText, metricText } from './text-format.ts';

export interface RoutedRequest {
  info: RequestInfo;
  request: Pick<ApiRequest, 'method' | 'headers' | 'query' | 'peer'>;
}

const DURATION_BOUNDS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
/** From where on waiting for webhooks and for a seat does not count. */
const SLI_BOUNDS = DURATION_BOUNDS.slice(2);
const SIZE_BOUNDS = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const COMPONENT = 'apiserver';
/** Paths that are no resource's, by the component that upstream gives them. */
const PATHS: Readonly<Record<string, string>> = {
  '/api': COMPONENT,
  '/apis': COMPONENT,
  '/healthz': '',
  '/livez': '',
  '/readyz': '',
};
const READING: readonly string[] = ['GET', 'LIST'];
/** Kinds come and go: with so many combinations of labels no further ones are counted. */
const SERIES_MAX = 20_000;

interface Series {
  /** Without `dry_run`. */
  labels: LabelText;
  labelsWithDryRun: LabelText;
  codes: Map<number, number>;
  durations: Histogram;
  /** Without what the server cannot help. */
  ownDurations: Histogram;
  /** Only where reading is asked for. */
  sizes: Histogram | undefined;
}

interface Since {
  receivedMs: number;
  /** For webhooks, and for a seat. */
  waitedMs: number;
}

interface Tally {
  labels: LabelText;
  count: number;
}

export class RequestMetrics {
  readonly #clock: Clock;
  readonly #series = new Map<string, Series>();
  readonly #lasting = new Map<string, Tally>();
  readonly #watchEvents = new Map<string, Tally>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A request whose route is known, for a row of the table. */
  begin({ info, request }: RoutedRequest, since: Since): ObservedRequest | undefined {
    const series = this.#seriesOf({ info, request }, reportedVerb(info, request), routeScope(info));
    if (series === undefined) return undefined;
    const isRemote = request.peer.kind === 'remote';
    return new ObservedRequest(this, { info, series, isRemote, since });
  }

  /** A request for a path that is no resource's has been answered. */
  answeredPath(path: string, status: number, receivedMs: number): void {
    const component = ownValue(PATHS, path);
    if (component === undefined) return;
    const labels = {
      verb: 'GET',
      dry_run: '',
      group: '',
      version: '',
      resource: '',
      subresource: path,
      scope: '',
    };
    const series = this.#series.get(path) ?? this.#newSeries(path, labels, component);
    if (series !== undefined) this.finish(series, status, { receivedMs, waitedMs: 0 });
  }

  /** A request that found no seat; `row` is what it is about, where that is known. */
  dropped({ info, request }: RoutedRequest, row: ResourceRow | undefined): void {
    const isKnown = row !== undefined && (info.subresource === '' || hasSubresource(row, info.subresource));
    if (info.isResourceRequest && !isKnown) return;
    const series = this.#seriesOf({ info, request }, reportedVerb(info, request), requestScope(info));
    if (series !== undefined) count(series.codes, 429);
  }

  /** @internal of {@link ObservedRequest} */
  finish({ codes, durations, ownDurations }: Series, status: number, { receivedMs, waitedMs }: Since): void {
    const tookMs = this.#clock.monotonicMs() - receivedMs;
    count(codes, status);
    durations.observe(tookMs / 1000);
    ownDurations.observe((tookMs - waitedMs) / 1000);
  }

  lasting({ group, version, resource, subresource, ...info }: RequestInfo): Tally {
    const verb = info.verb === 'watch' ? 'WATCH' : 'CONNECT';
    const scope = requestScope({ group, version, resource, subresource, ...info });
    const labels = { verb, group, version, resource, subresource, scope, component: COMPONENT };
    return tallyOf(this.#lasting, labels);
  }

  watchEvents({ group, version, resource }: RequestInfo): Tally {
    return tallyOf(this.#watchEvents, { group, version, resource });
  }

  text(): string {
    const all = [...this.#series.values()];
    const reading = all.flatMap(({ labels, sizes }) =>
      sizes === undefined ? [] : [[labels, sizes] as const],
    );
    return [
      metricText(
        {
          name: 'apiserver_request_total',
          type: 'counter',
          help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
        },
        all.flatMap(({ labelsWithDryRun, codes }) =>
          [...codes].map(([code, times]) => [`${labelsWithDryRun},code="${code}"`, times] as const),
        ),
      ),
      histogramText(
        {
          name: 'apiserver_request_duration_seconds',
          help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
        },
        all.flatMap(({ labelsWithDryRun, durations }) =>
          durations.count === 0 ? [] : [[labelsWithDryRun, durations] as const],
        ),
      ),
      histogramText(
        {
          name: 'apiserver_request_sli_duration_seconds',
          help: 'Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.',
        },
        ownDurationsOf(all),
      ),
      histogramText(
        {
          name: 'apiserver_response_sizes',
          help: 'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
        },
        reading.filter(([, sizes]) => sizes.count > 0),
      ),
      metricText(
        {
          name: 'apiserver_longrunning_requests',
          type: 'gauge',
          help: 'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
        },
        [...this.#lasting.values()].map(({ labels, count: running }) => [labels, running] as const),
      ),
      metricText(
        {
          name: 'apiserver_watch_events_total',
          type: 'counter',
          help: 'Number of events sent in watch clients',
        },
        [...this.#watchEvents.values()].map(({ labels, count: sent }) => [labels, sent] as const),
      ),
    ].join('');
  }

  #seriesOf({ info, request }: RoutedRequest, verb: string, scope: string): Series | undefined {
    const { group, version, resource, subresource } = info;
    const dry_run = dryRunLabel(request);
    const key = `${verb} ${dry_run} ${scope} ${group}/${version}/${resource}/${subresource}`;
    const known = this.#series.get(key);
    return known ?? this.#newSeries(key, { verb, dry_run, group, version, resource, subresource, scope });
  }

  #newSeries(key: string, labels: RequestLabels, component = COMPONENT): Series | undefined {
    if (this.#series.size >= SERIES_MAX) return undefined;
    const { dry_run, ...others } = labels;
    const series = {
      labels: labelText({ ...others, component }),
      labelsWithDryRun: labelText({ ...others, dry_run, component }),
      codes: new Map(),
      durations: new Histogram(DURATION_BOUNDS),
      ownDurations: new Histogram(SLI_BOUNDS),
      sizes: READING.includes(labels.verb) && labels.resource !== '' ? new Histogram(SIZE_BOUNDS) : undefined,
    };
    this.#series.set(key, series);
    return series;
  }
}

interface Asked {
  info: RequestInfo;
  series: Series;
  isRemote: boolean;
  since: Since;
}

/** One request on its way. */
export class ObservedRequest {
  readonly #metrics: RequestMetrics;
  readonly #asked: Asked;
  #lasting: Tally | undefined;
  #events: Tally | undefined;

  constructor(metrics: RequestMetrics, asked: Asked) {
    this.#metrics = metrics;
    this.#asked = asked;
  }

  /** `response`, followed to its end where it lasts; a watch tells itself when it begins and ends. */
  answered(response: ApiResponse, webhookMs: number, signal: AbortSignal): ApiResponse {
    this.#asked.since.waitedMs += webhookMs;
    const { body, status, headers } = response;
    if (body.kind === 'watch') return response;
    if (body.kind === 'stream' || body.kind === 'tunnel') return this.#followed(response, signal);
    const { series, isRemote, since } = this.#asked;
    this.#metrics.finish(series, status, since);
    if (series.sizes === undefined || !isRemote) return response;
    return { status, headers, body: measured(body, series.sizes) };
  }

  /** What lasts has begun. */
  opened(): void {
    const { info } = this.#asked;
    this.#lasting = this.#metrics.lasting(info);
    this.#lasting.count++;
  }

  /** So many events of a watch have been taken. */
  sent(events: number): void {
    this.#events ??= this.#metrics.watchEvents(this.#asked.info);
    this.#events.count += events;
  }

  /** What lasts has ended. */
  closed(status = 200): void {
    if (this.#lasting === undefined) return;
    this.#lasting.count--;
    this.#lasting = undefined;
    const { series, since } = this.#asked;
    this.#metrics.finish(series, status, since);
  }

  #followed(response: ApiResponse, signal: AbortSignal): ApiResponse {
    this.opened();
    let { status } = response;
    const body = onBodyEnd(response.body, () => this.closed(status), signal);
    if (body.kind !== 'tunnel') return { ...response, body };
    const { onAnswered } = body;
    const noted = (code: number) => {
      status = code;
      onAnswered?.(code);
    };
    return { ...response, body: { ...body, onAnswered: noted } };
  }
}

function measured(body: ResponseBody, sizes: Histogram): ResponseBody {
  if (body.kind === 'object') {
    const bytes = () => {
      const encoded = body.bytes();
      sizes.observe(encoded.length);
      return encoded;
    };
    return { kind: 'object', value: body.value, bytes };
  }
  if (body.kind === 'list') return { ...body, chunks: () => measuredChunks(body.chunks(), sizes) };
  return body;
}

function* measuredChunks(chunks: Iterable<Uint8Array>, sizes: Histogram): Generator<Uint8Array> {
  let total = 0;
  for (const chunk of chunks) {
    total += chunk.length;
    yield chunk;
  }
  sizes.observe(total);
}

function hasSubresource(row: ResourceRow, name: string): boolean {
  return row.subresources.some((subresource) => subresource.name === name);
}

function count(codes: Map<number, number>, code: number): void {
  codes.set(code, (codes.get(code) ?? 0) + 1);
}

function tallyOf(tallies: Map<string, Tally>, values: Readonly<Record<string, string>>): Tally {
  const key = Object.values(values).join(' ');
  let tally = tallies.get(key);
  if (tally === undefined) {
    tally = { labels: labelText(values), count: 0 };
    if (tallies.size < SERIES_MAX) tallies.set(key, tally);
  }
  return tally;
}

/** Told apart by everything but whether nothing is to be kept: dry runs are counted with the rest. */
function ownDurationsOf(all: readonly Series[]): [LabelText, Histogram][] {
  const counted = all.filter(({ ownDurations }) => ownDurations.count > 0);
  return [...Map.groupBy(counted, ({ labels }) => labels)].map(([labels, own]) => [
    labels,
    own.length === 1 ? own[0]!.ownDurations : Histogram.sum(own.map(({ ownDurations }) => ownDurations)),
  ]);
}
