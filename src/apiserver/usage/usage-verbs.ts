/** `get` and `list` of what nodes and Pods use: `kubectl top`. @see kubernetes-sigs/metrics-server pkg/api */
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import type { ApiResponse } from '../../api/message.ts';
import { NODE_METRICS, POD_METRICS } from '../../api/resources/metrics.ts';
import { NODES, PODS } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import { type ApiObject, objectOf } from '../api-object.ts';
import { prefixOf, readObject } from '../registry/registry.ts';
import { parseSelection } from '../registry/selection.ts';
import type { CallHandler, ResourceCall, ServerContext } from '../server-context.ts';
import { respondServed, respondServedList } from '../shaping.ts';
import { toNodeMetrics, toPodMetrics } from './usage-objects.ts';

export const USAGE_ROWS = [NODE_METRICS, POD_METRICS] as const;

export const USAGE_VERBS: Readonly<Record<string, CallHandler>> = { get: getUsage, list: listUsage };

async function getUsage(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { row, info } = call;
  const { namespace, name } = info;
  const of = row.namespaced ? { row: PODS, namespace, name } : { row: NODES, namespace: '', name };
  const stored = readObject(server.registry.store, of);
  const [usage] = stored === undefined ? [] : await usageOf(server, call, [objectOf(stored)]);
  if (usage === undefined) {
    const resource = row.kind.toLowerCase();
    const id = row.namespaced ? `${namespace}/${name}` : name;
    throw new StatusError('NotFound', `${resource}.${row.group} ${JSON.stringify(id)} not found`, {
      details: { name: id, group: row.group, kind: resource },
    });
  }
  return respondServed(server, call, usage);
}

async function listUsage(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { row, info, request } = call;
  const prefix = row.namespaced ? prefixOf(PODS, info.namespace) : prefixOf(NODES, '');
  const { matches } = parseSelection(row, request.query);
  const objects = server.registry.store.list({ prefix }).objects.map(objectOf).filter(matches);
  return respondServedList(server, call, await usageOf(server, call, objects), {});
}

/** Of those that are measured, in their order. */
async function usageOf(
  { usage }: ServerContext,
  { row }: ResourceCall,
  objects: readonly ApiObject[],
): Promise<ApiObject[]> {
  const nodeOf = (object: ApiObject) =>
    row.namespaced ? (object as unknown as Pod).spec.nodeName : object.metadata.name;
  const summaries = await usage?.of(objects.flatMap((object) => nodeOf(object) || []));
  return objects.flatMap((object) => {
    const summary = summaries?.get(nodeOf(object) ?? '');
    if (summary === undefined) return [];
    const measured = row.namespaced
      ? toPodMetrics(object as unknown as Pod, summary)
      : toNodeMetrics(object as unknown as Node, summary);
    return measured === undefined ? [] : [measured as unknown as ApiObject];
  });
}
