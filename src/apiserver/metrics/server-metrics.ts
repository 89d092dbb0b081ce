/** What the API server counts, under upstream's names; what `docs/metrics.md` lists. */
import type { AdmissionMetrics } from './admission-metrics.ts';
import { type ObjectCountParts, ObjectCounts } from './object-counts.ts';
import { RequestMetrics } from './request-metrics.ts';

export class ServerMetrics {
  readonly requests: RequestMetrics;
  readonly admission: AdmissionMetrics;
  readonly #objects: ObjectCounts;

  constructor(parts: ObjectCountParts, admission: AdmissionMetrics) {
    this.requests = new RequestMetrics(parts.clock);
    this.admission = admission;
    this.#objects = new ObjectCounts(parts);
  }

  text(): string {
    return this.requests.text() + this.admission.text() + this.#objects.text();
  }
}
