/**
 * Distributes a runtime's container events to its subscribers. A subscriber that falls behind never holds the runtime
 * up: what it has not read is replaced by one event of type `lagged`, after which it must list.
 */
import { AsyncQueue } from './async-queue.ts';
import { type ContainerEvent, EVENT_BUFFER_MAX } from './runtime.ts';

const LAGGED: ContainerEvent = { type: 'lagged', sandboxId: '', containerId: '', podUid: '' };

export class EventHub {
  readonly #subscribers = new Set<AsyncQueue<ContainerEvent>>();

  publish(event: ContainerEvent): void {
    for (const queue of this.#subscribers) {
      if (queue.closed) this.#subscribers.delete(queue);
      else if (!queue.push(event)) queue.replaceAll(LAGGED);
    }
  }

  /** Events from the moment of the call, not of the first read, until `signal` aborts. */
  subscribe(signal: AbortSignal): AsyncIterable<ContainerEvent> {
    const queue = new AsyncQueue<ContainerEvent>(EVENT_BUFFER_MAX);
    if (signal.aborted) {
      queue.close();
      return queue;
    }
    this.#subscribers.add(queue);
    const leave = () => {
      this.#subscribers.delete(queue);
      queue.close();
    };
    signal.addEventListener('abort', leave, { once: true });
    return queue;
  }
}
