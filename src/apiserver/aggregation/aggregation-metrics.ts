/**
 * What is to be seen of APIServices: metrics in Prometheus' text format, under the names that people's alerts know.
 *
 * @see k8s.io/kube-aggregator/pkg/controllers/status/metrics/metrics.go
 */
import { isAvailable } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import { labelText, metricText, type Sample } from '../metrics/text-format.ts';
import type { ApiServiceView } from './api-service-view.ts';

const NAME = 'aggregator_unavailable_apiservice';

/** Whoever writes statuses names the reasons: more than these are not counted. */
const LABELS_MAX = 1000;

export class AggregationMetrics {
  readonly #view: ApiServiceView;
  /** Of those that are there, whether they can be asked. */
  readonly #available = new Map<string, boolean>();
  /** How often one became unavailable, by labels. */
  readonly #lost = new Map<string, number>();

  constructor(view: ApiServiceView) {
    this.#view = view;
    for (const service of view.all) this.#available.set(service.metadata.name, isAvailable(service));
    view.onChange((name, service) => this.#changed(name, service));
  }

  text(): string {
    const available = [...this.#view.all].map(
      (service): Sample => [labelText({ name: service.metadata.name }), isAvailable(service) ? 0 : 1],
    );
    return (
      metricText({ name: NAME, type: 'gauge', help: 'Whether an APIService is not available' }, available) +
      metricText(
        {
          name: `${NAME}_total`,
          type: 'counter',
          help: 'How often an APIService became unavailable, by reason',
        },
        this.#lost,
      )
    );
  }

  #changed(name: string, service: APIService | undefined): void {
    if (service === undefined) {
      this.#forget(name);
      return;
    }
    const is = isAvailable(service);
    const isLost = this.#available.get(name) === true && !is;
    this.#available.set(name, is);
    if (!isLost) return;
    const reason =
      service.status?.conditions?.find(({ type }) => type === 'Available')?.reason ?? 'UnknownReason';
    const labels = `name="${name}",reason="${labelValue(reason)}"`;
    if (this.#lost.size === LABELS_MAX && !this.#lost.has(labels)) return;
    this.#lost.set(labels, (this.#lost.get(labels) ?? 0) + 1);
  }

  /** Nothing is kept of what is gone. */
  #forget(name: string): void {
    this.#available.delete(name);
    for (const labels of this.#lost.keys())
      if (labels.startsWith(`name="${name}",`)) this.#lost.delete(labels);
  }
}

/** A status may say anything. */
function labelValue(value: string): string {
  return value.slice(0, 100).replace(/[\\"\n]/g, '_');
}
