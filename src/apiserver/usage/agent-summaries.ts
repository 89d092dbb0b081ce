/**
 * What nodes use, as their agents say (`/stats/summary`), asked for when somebody wants to know it and kept for some seconds.
 * A node whose agent does not answer in time has no summary.
 *
 * Bounded: {@link CONCURRENCY} agents are asked at a time; what is not fresh any more is dropped when others are asked.
 */
import { newScope } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import type { Store } from '../../store/store.ts';
import { type Fields, isFields } from '../api-object.ts';
import { nodeTarget } from '../subresources/connection.ts';
import type { AgentReader } from './agent-reader.ts';

/** As the kubelet's: only what is read of it, and none of it is sure to be there. */
export type AgentSummary = Fields;

const FRESH_MS = 10_000;
const TIMEOUT_MS = 10_000;
const CONCURRENCY = 64;

interface Kept {
  atMs: number;
  summary: Promise<AgentSummary | undefined>;
}

export interface AgentSummariesDeps {
  store: Store;
  clock: Clock;
  agents: AgentReader;
}

export class AgentSummaries {
  readonly #deps: AgentSummariesDeps;
  /** By node. */
  readonly #kept = new Map<string, Kept>();

  constructor(deps: AgentSummariesDeps) {
    this.#deps = deps;
  }

  /** By node; those that do not answer are left out. Never rejects for an agent. */
  async of(nodes: Iterable<string>): Promise<Map<string, AgentSummary>> {
    this.#forgetOld();
    const left = [...new Set(nodes)];
    const found = new Map<string, AgentSummary>();
    const ask = async () => {
      for (let node = left.pop(); node !== undefined; node = left.pop()) {
        const summary = await this.#summaryOf(node);
        if (summary !== undefined) found.set(node, summary);
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, left.length) }, ask));
    return found;
  }

  #summaryOf(node: string): Promise<AgentSummary | undefined> {
    const known = this.#kept.get(node);
    if (known !== undefined) return known.summary;
    const summary = this.#ask(node);
    this.#kept.set(node, { atMs: this.#deps.clock.monotonicMs(), summary });
    return summary;
  }

  async #ask(node: string): Promise<AgentSummary | undefined> {
    const { store, clock, agents } = this.#deps;
    const scope = newScope(new AbortController().signal);
    const timer = clock.setTimer(TIMEOUT_MS, () => scope.abort(new StatusError('Timeout', 'no answer')));
    try {
      const summary = await agents.readJson(nodeTarget(store, node), '/stats/summary', scope.signal);
      return isFields(summary) ? summary : undefined;
    } catch (error) {
      if (error instanceof StatusError) return undefined;
      throw error;
    } finally {
      timer.cancel();
      scope.abort();
    }
  }

  #forgetOld(): void {
    const oldest = this.#deps.clock.monotonicMs() - FRESH_MS;
    for (const [node, { atMs }] of this.#kept) if (atMs < oldest) this.#kept.delete(node);
  }
}
