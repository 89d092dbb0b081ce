/** What agents say of use, as objects of `metrics.k8s.io`. Pure; of an agent's answer nothing is sure to be there. */
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import type { NodeMetrics, PodMetrics, UsageList } from '../../api/resources/metrics.ts';
import { canonicalQuantity, formatQuantity } from '../../api/validation/structural-quantity.ts';
import { toTimestamp } from '../../base/clock.ts';
import { fieldAt, isFields } from '../api-object.ts';
import type { AgentSummary } from './agent-summaries.ts';

const API_VERSION = 'metrics.k8s.io/v1beta1';
/** Of agents that do not say it, as upstream's: what cAdvisor takes. */
const WINDOW_SECONDS = 10;

/** `undefined` when `summary` does not say what the node uses. */
export function toNodeMetrics(node: Node, summary: AgentSummary): NodeMetrics | undefined {
  const usage = usageOf(summary['node']);
  if (usage === undefined) return undefined;
  const { labels, name } = node.metadata;
  return {
    kind: 'NodeMetrics',
    apiVersion: API_VERSION,
    ...headerOf({ name, ...(labels && { labels }) }, summary['node'], summary),
    usage,
  };
}

/** `undefined` while not all of its running containers are measured. */
export function toPodMetrics(pod: Pod, summary: AgentSummary): PodMetrics | undefined {
  const pods = Array.isArray(summary['pods']) ? summary['pods'] : [];
  const found: unknown = pods.find((one) => fieldAt(one, ['podRef', 'uid']) === pod.metadata.uid);
  const listed = fieldAt(found, ['containers']);
  const containers = (Array.isArray(listed) ? listed : []).map((container: unknown) => {
    const name = fieldAt(container, ['name']);
    return { name: typeof name === 'string' ? name : '', usage: usageOf(container) };
  });
  const measured = containers.flatMap(({ name, usage }) => (usage === undefined ? [] : [{ name, usage }]));
  if (measured.length === 0 || measured.length < containers.length) return undefined;
  const { labels, name, namespace = '' } = pod.metadata;
  return {
    kind: 'PodMetrics',
    apiVersion: API_VERSION,
    ...headerOf({ name, namespace, ...(labels && { labels }) }, found, summary),
    containers: measured,
  };
}

type Header = Pick<NodeMetrics, 'metadata' | 'timestamp' | 'window'>;

function headerOf(
  metadata: Omit<NodeMetrics['metadata'], 'uid' | 'resourceVersion' | 'creationTimestamp'>,
  measured: unknown,
  { windowSeconds }: AgentSummary,
): Header {
  const time = fieldAt(measured, ['cpu', 'time']);
  const timestamp = typeof time === 'string' ? time : toTimestamp(0);
  const seconds = typeof windowSeconds === 'number' ? windowSeconds : WINDOW_SECONDS;
  return {
    metadata: { ...metadata, creationTimestamp: timestamp } as NodeMetrics['metadata'],
    timestamp,
    window: `${seconds}s`,
  };
}

function usageOf(measured: unknown): UsageList | undefined {
  if (!isFields(measured)) return undefined;
  const nanoCores = fieldAt(measured, ['cpu', 'usageNanoCores']);
  const bytes = fieldAt(measured, ['memory', 'workingSetBytes']);
  if (!isAmount(nanoCores) || !isAmount(bytes)) return undefined;
  const cpu = canonicalQuantity(`${nanoCores}n`);
  return {
    cpu: typeof cpu === 'string' ? cpu : '0',
    memory: formatQuantity(BigInt(Math.ceil(bytes / 1024)) * 1024n * 1000n, 'Ki'),
  };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
