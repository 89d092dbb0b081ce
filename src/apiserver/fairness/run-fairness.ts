/**
 * What goes on beside the requests: the classifier follows the objects in the store, flow schemas are told whether they lead
 * anywhere, and the objects with which a cluster starts are put right every minute, as upstream does.
 */
import type { FlowSchema } from '../../api/generated/flowcontrol-v1.ts';
import { FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS, type ResourceRow } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import { hasReason } from '../../base/status-error.ts';
import { type ApiObject, copyJson, objectOf } from '../api-object.ts';
import { AS_SERVER } from '../ensure-object.ts';
import { prefixOf, type Registry } from '../registry/registry.ts';
import { updateObject } from '../registry/update.ts';
import { ensureFlowControl } from './bootstrap-objects.ts';
import { danglingStatus } from './dangling.ts';
import type { Fairness } from './fairness.ts';

const UPKEEP_MS = 60_000;
/** A status that somebody else keeps changing is put right so often a minute. @see shouldDelayUpdate */
const STATUS_WRITES_MAX = 6;
const ROWS = [FLOW_SCHEMAS as ResourceRow, PRIORITY_LEVEL_CONFIGURATIONS as ResourceRow];

/** Works until `signal` aborts. */
export async function runFairness(
  fairness: Fairness,
  registry: Registry,
  signal: AbortSignal,
): Promise<void> {
  const statuses = new FlowStatuses(fairness, registry);
  const since = registry.store.revision;
  await Promise.all([
    ...ROWS.map(async (row) => {
      for await (const _events of registry.store.watch(prefixOf(row, ''), since, signal)) {
        fairness.reload();
        await statuses.sync();
      }
    }),
    (async () => {
      fairness.reload();
      for (;;) {
        statuses.allow();
        await statuses.sync();
        await registry.clock.sleep(UPKEEP_MS, signal);
        await whenWritable(ensureFlowControl(registry));
      }
    })(),
  ]);
}

class FlowStatuses {
  readonly #fairness: Fairness;
  readonly #registry: Registry;
  /** By name: writes since the last minute began. */
  readonly #writes = new Map<string, number>();

  constructor(fairness: Fairness, registry: Registry) {
    this.#fairness = fairness;
    this.#registry = registry;
  }

  /** A minute has passed. */
  allow(): void {
    this.#writes.clear();
  }

  async sync(): Promise<void> {
    const prefix = prefixOf(FLOW_SCHEMAS as ResourceRow, '');
    const schemas = this.#registry.store.list({ prefix }).objects.map(objectOf);
    const due = schemas.filter((schema) => this.#wanted(schema) !== undefined && this.#mayWrite(schema));
    await Promise.all(due.map(({ metadata }) => whenWritable(this.#write(metadata.name!))));
  }

  #mayWrite({ metadata }: ApiObject): boolean {
    const name = metadata.name!;
    const writes = (this.#writes.get(name) ?? 0) + 1;
    if (writes > STATUS_WRITES_MAX) return false;
    this.#writes.set(name, writes);
    return true;
  }

  #wanted(schema: ApiObject): ApiObject | undefined {
    const flow = schema as unknown as FlowSchema;
    const exists = this.#fairness.levels.get(flow.spec.priorityLevelConfiguration.name) !== undefined;
    const status = danglingStatus(flow, exists, toTimestamp(this.#registry.clock.now()));
    return status === undefined ? undefined : { ...schema, status: { ...status } };
  }

  async #write(name: string): Promise<void> {
    const target = { row: FLOW_SCHEMAS as ResourceRow, namespace: '', name };
    const produce = (old: ApiObject) => copyJson(this.#wanted(old) ?? old);
    await updateObject(this.#registry, target, { subresource: 'status', produce }, AS_SERVER);
  }
}

/** What cannot be written now, or is gone, is looked at again when something changes, and after a minute. */
async function whenWritable(write: Promise<void>): Promise<void> {
  await write.catch((error: unknown) => {
    if (!hasReason(error, 'NotFound', 'ServiceUnavailable', 'TooManyRequests')) throw error;
  });
}
