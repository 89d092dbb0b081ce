/**
 * How many seats a request takes: one, but for what makes a list, which takes one for each 100 kB that it may have to write.
 *
 * What a collection holds is measured when it is asked for, and remembered for a while: a look at a few of its objects tells
 * what one weighs. Differs from upstream: of a list in a namespace only that namespace counts, since only that is read.
 *
 * @see k8s.io/apiserver/pkg/util/flowcontrol/request/list_work_estimator.go
 */

import type { ResourceRow } from '../../api/resources.ts';
import type { Clock } from '../../base/clock.ts';
import type { Store } from '../../store/store.ts';
import { prefixOf } from '../registry/registry.ts';
import type { RequestInfo } from '../route.ts';
import { isTrue } from '../route.ts';

/** However much a list is, it counts as so much: it is written piece by piece. */
const LIST_BYTES_MAX = 1_000_000;
const BYTES_PER_SEAT = 100_000;
const SEATS_MAX = 10;
const MEASURED_FOR_MS = 2000;
const SAMPLES = 16;
const COLLECTIONS_MAX = 1000;

interface Measured {
  count: number;
  averageBytes: number;
  untilMs: number;
}

export interface MeasuredRequest {
  info: RequestInfo;
  /** Absent for what this server does not serve. */
  row: ResourceRow | undefined;
  query: URLSearchParams;
}

export class RequestWidths {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #measured = new Map<string, Measured>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @param seatsMax  of the priority level: a single request may not have most of it */
  widthOf({ info, row, query }: MeasuredRequest, seatsMax: number): number {
    const { verb, name, namespace } = info;
    const isList = verb === 'list' || (verb === 'watch' && isTrue(query.get('sendInitialEvents')));
    if (!isList || row === undefined || row.virtual || name !== '') return 1;
    const { count, averageBytes } = this.#measure(prefixOf(row, namespace));
    const limit = Number(query.get('limit') ?? 0);
    const objects = limit > 0 ? Math.min(limit, count) : count;
    const seats = Math.ceil(Math.min(objects * averageBytes, LIST_BYTES_MAX) / BYTES_PER_SEAT);
    return Math.max(1, Math.min(seats, SEATS_MAX, seatsMax));
  }

  #measure(prefix: string): Measured {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#measured.get(prefix);
    if (known !== undefined && nowMs < known.untilMs) return known;
    if (this.#measured.size >= COLLECTIONS_MAX) this.#measured.clear();
    const { objects } = this.#store.list({ prefix });
    const count = objects.length;
    const step = Math.max(1, Math.floor(count / SAMPLES));
    let [bytes, samples] = [0, 0];
    for (let index = 0; index < count && samples < SAMPLES; index += step) {
      bytes += objects[index]!.bytes.length;
      samples++;
    }
    const averageBytes = samples === 0 ? 0 : bytes / samples;
    const measured = { count, averageBytes, untilMs: nowMs + MEASURED_FOR_MS };
    this.#measured.set(prefix, measured);
    return measured;
  }
}
