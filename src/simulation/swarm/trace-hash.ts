/**
 * One number for everything that happened in a run: two runs of one plan have the same, whatever machine, process or flags
 * they ran with. Errors count by where they show (statuses, messages of log lines), never by their stacks.
 */
import type { WorldEvent } from '../world/world-event.ts';

export class TraceHash {
  #low = 0xdeadbeef;
  #high = 0x41c6ce57;
  #events = 0;

  get events(): number {
    return this.#events;
  }

  add(event: WorldEvent): void {
    this.#events++;
    this.#mix(`${event.kind} ${event.atMs} ${describe(event)}`);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** Two lanes of multiply and xor-shift, as cyrb53 has them. */
  #mix(text: string): void {
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      low = Math.imul(low ^ unit, 0x9e3779b1);
      high = Math.imul(high ^ unit, 0x5f356495);
    }
    this.#low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ (high >>> 13);
    this.#high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35) ^ (low >>> 13);
  }
}

function describe(event: WorldEvent): string {
  switch (event.kind) {
    case 'request':
      return `${event.process} ${event.user} ${event.method} ${event.path} ${event.status}`;
    case 'commit':
      return `${event.revision} ${event.type} ${event.key}`;
    case 'container':
      return `${event.node} ${event.type} ${event.podUid} ${event.containerId} ${event.name} ${event.attempt} ${event.exitCode}`;
    case 'process':
      return `${event.process} ${event.what}`;
    case 'fault':
      return `${event.fault} ${event.what} ${JSON.stringify(event.parameters)}`;
    case 'log':
      return `${event.process} ${event.level} ${event.message}`;
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
