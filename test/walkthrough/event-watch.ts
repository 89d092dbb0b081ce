/** What `kubectl get events --watch` prints of Pods in a namespace, line by line, with the time of each. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Followed } from './cluster.ts';

export interface EventLine {
  atMs: number;
  reason: string;
  pod: string;
  message: string;
}

/** `LAST SEEN  TYPE  REASON  OBJECT  MESSAGE` */
const LINE = /^\S+ +(?:Normal|Warning) +(\S+) +pod\/(\S+) +(.*)$/;
const POLL_MS = 20;

export class EventWatch {
  readonly lines: EventLine[] = [];
  #kubectl: Followed | undefined;

  static async start(cluster: Cluster, namespace: string): Promise<EventWatch> {
    const watch = new EventWatch();
    const selector = ['--field-selector', 'involvedObject.kind=Pod'];
    watch.#kubectl = await cluster.follow(
      ['get', 'events', '-n', namespace, '--watch', ...selector],
      (line) => {
        const [, reason, pod, message] = LINE.exec(line) ?? [];
        if (reason !== undefined) {
          watch.lines.push({ atMs: performance.now(), reason, pod: pod!, message: message! });
        }
      },
    );
    return watch;
  }

  /** Resolves when `pod`'s event has been printed; fails when that was later than `withinMs` after `ofMs`. */
  async until(pod: string, reason: string, limit: { withinMs: number; ofMs: number }): Promise<EventLine> {
    const deadline = limit.ofMs + limit.withinMs;
    for (;;) {
      const found = this.lines.find(
        (line) => line.pod === pod && line.reason === reason && line.atMs >= limit.ofMs,
      );
      if (found !== undefined) {
        assert.ok(
          found.atMs <= deadline,
          `${reason} of ${pod} came ${Math.round(found.atMs - limit.ofMs)} ms later`,
        );
        return found;
      }
      const printed = this.lines.map((line) => `${line.reason} ${line.pod} ${line.message}`).join('\n');
      assert.ok(
        performance.now() < deadline,
        `no event ${reason} of ${pod} in time; kubectl printed\n${printed}`,
      );
      await delay(POLL_MS);
    }
  }

  [Symbol.dispose](): void {
    this.#kubectl?.stop();
  }
}
