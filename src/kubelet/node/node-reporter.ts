/**
 * Keeps the Node object true: registers it, reports its status every 5 minutes or when it changed, registers it again when
 * somebody has deleted it.
 *
 * @see kubelet registerWithAPIServer, syncNodeStatus
 */

import type { Node, NodeStatus } from '../../api/generated/core-v1.ts';
import { equalJson } from '../../api/json.ts';
import { NODES } from '../../api/resources.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { hasReason } from '../../base/status-error.ts';
import { Wake } from '../../base/wake.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { EventRecorder, EventSubject } from '../../client/event-recorder.ts';
import { compareRevisions } from '../../client/revision.ts';
import { NODE_STATUS_CHECK_MS, NODE_STATUS_REPORT_MS } from '../defaults.ts';
import type { NodeFacts, NodeHealth } from './node-facts.ts';
import { hasNodeStatusChanged, newNode, nodeLabels, nodeStatus } from './node-status.ts';

export interface NodeReporterDeps {
  client: ApiClient;
  clock: Clock;
  log: Logger;
  events: EventRecorder;
  facts: NodeFacts;
  health(signal: AbortSignal): Promise<NodeHealth>;
}

const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 7_000;

export class NodeReporter {
  readonly #deps: NodeReporterDeps;
  readonly #wake: Wake;
  #node: Node | undefined;
  #reportedMs = 0;
  /** The Node and the health that were last compared, and said the same. */
  #agreed: { node: Node; health: NodeHealth } | undefined;
  #hasTold = false;

  constructor(deps: NodeReporterDeps) {
    this.#deps = deps;
    this.#wake = new Wake(deps.clock);
  }

  /** The Node as last seen; absent before registration. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Looks again now: the health has changed, or the Node was deleted. */
  wake(): void {
    this.#wake.now();
  }

  /**
   * The Node's object has changed. When somebody has taken our silence for an end and made conditions unknown, the next
   * report must not wait for its time: only it makes the node ready again.
   */
  seen(node: Node): void {
    const known = this.#node?.metadata;
    if (known?.uid !== node.metadata.uid) return;
    if (compareRevisions(node.metadata.resourceVersion, known.resourceVersion) <= 0) return;
    this.#node = node;
    if (node.status?.conditions?.some(({ status }) => status === 'Unknown')) this.#wake.now();
  }

  /** The Node's object was seen to be gone. */
  deleted(): void {
    this.#node = undefined;
    this.#wake.now();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    let retryMs = RETRY_BASE_MS;
    while (!signal.aborted) {
      await this.#wake.wait(signal);
      try {
        await this.#sync(signal);
        retryMs = RETRY_BASE_MS;
        this.#wake.at(clock.now() + NODE_STATUS_CHECK_MS);
      } catch (error) {
        signal.throwIfAborted();
        log.warn('cannot report the node', { node: this.#deps.facts.name, error });
        this.#wake.at(clock.now() + retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  async #sync(signal: AbortSignal): Promise<void> {
    const { clock, facts } = this.#deps;
    const health = await this.#deps.health(signal);
    if (this.#node === undefined) await this.#register(health, signal);
    const isDue = clock.monotonicMs() - this.#reportedMs >= NODE_STATUS_REPORT_MS;
    const node = this.#node;
    if (!isDue && node === this.#agreed?.node && equalJson(health, this.#agreed?.health)) return;
    const status = nodeStatus(facts, health, node?.status, clock.now());
    if (isDue || hasNodeStatusChanged(node?.status, status)) await this.#report(status, signal);
    else if (node !== undefined) this.#agreed = { node, health };
  }

  async #register(health: NodeHealth, signal: AbortSignal): Promise<void> {
    const { client, clock, events, facts } = this.#deps;
    const { name } = facts;
    const node = newNode(facts, nodeStatus(facts, health, undefined, clock.now()));
    try {
      this.#node = await client.create(NODES, node, signal);
      this.#reportedMs = clock.monotonicMs();
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
      const body = { metadata: { labels: nodeLabels(facts) } };
      this.#node = await client.patch(NODES, { name }, { type: 'merge', body }, signal);
    }
    if (this.#hasTold) return;
    this.#hasTold = true;
    events.event(nodeSubject(name), 'Normal', 'Starting', 'Starting kubelet.');
  }

  async #report(status: NodeStatus, signal: AbortSignal): Promise<void> {
    const { client, clock, facts } = this.#deps;
    try {
      const patch = { type: 'strategic' as const, body: { status }, subresource: 'status' };
      this.#node = await client.patch(NODES, { name: facts.name }, patch, signal);
      this.#reportedMs = clock.monotonicMs();
    } catch (error) {
      if (hasReason(error, 'NotFound')) this.#node = undefined;
      throw error;
    }
  }
}

/** Node events carry the node's name as uid, as upstream's do. */
function nodeSubject(name: string): EventSubject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name } };
}
