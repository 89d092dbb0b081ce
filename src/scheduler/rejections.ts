/** Why nodes were rejected: counted for the message that `kubectl describe` shows, kept by node for preemption. */
import type { NamedRejection } from './feasibility.ts';
import type { FilterName } from './filters/filter.ts';
import type { NodeInfo } from './node-info.ts';

export class Rejections {
  /** Those that said no to some node. */
  readonly filters = new Set<FilterName>();
  /** Nodes that might do if Pods left them. */
  readonly resolvable: NodeInfo[] = [];
  readonly #unresolvable = new Set<string>();
  readonly #tally: ReasonTally;

  constructor(nodes: number) {
    this.#tally = new ReasonTally(nodes);
  }

  add(node: NodeInfo, { filter, reasons, unresolvable }: NamedRejection): void {
    this.filters.add(filter);
    this.#tally.add(reasons);
    if (unresolvable) this.#unresolvable.add(node.name);
    else this.resolvable.push(node);
  }

  isUnresolvable(nodeName: string): boolean {
    return this.#unresolvable.has(nodeName);
  }

  /** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
  message(): string {
    return this.#tally.message();
  }
}

/** @see k8s.io/kubernetes/pkg/scheduler/framework/types.go FitError */
export class ReasonTally {
  readonly #total: number;
  readonly #counts = new Map<string, number>();

  constructor(totalNodes: number) {
    this.#total = totalNodes;
  }

  /** What one node says, or `nodes` of them alike. */
  add(reasons: readonly string[], nodes = 1): void {
    if (nodes === 0) return;
    for (const reason of reasons) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + nodes);
  }

  message(): string {
    const counted = Array.from(this.#counts, ([reason, count]) => `${count} ${reason}`).sort();
    return `0/${this.#total} nodes are available: ${counted.join(', ')}.`;
  }
}
