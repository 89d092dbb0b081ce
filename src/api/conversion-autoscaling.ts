/**
 * HorizontalPodAutoscaler between `autoscaling/v1`, which knows one CPU target, and `autoscaling/v2`.
 *
 * What v1 has no field for travels in annotations, in the shapes that v1 once declared for it, as upstream writes them: a
 * client of the old version can change the target without losing the other metrics.
 * @see kubernetes/pkg/apis/autoscaling/v1/conversion.go
 */
import { ownValue } from '../base/own-value.ts';
import type { JsonObject, JsonValue } from './json.ts';

const PREFIX = 'autoscaling.alpha.kubernetes.io/';
const METRICS = `${PREFIX}metrics`;
const CURRENT_METRICS = `${PREFIX}current-metrics`;
const CONDITIONS = `${PREFIX}conditions`;
const BEHAVIOR = `${PREFIX}behavior`;

/** Where a source's values are in v2, inside `target` or `current`, and the v1 field for each; `current` swaps the prefix. */
interface SourceShape {
  key: string;
  /** v1 field to path in v2. */
  fields: Readonly<Record<string, string>>;
}

const UTILIZATION = {
  targetAverageUtilization: 'target.averageUtilization',
  targetAverageValue: 'target.averageValue',
};
const SOURCES: Readonly<Record<string, SourceShape>> = {
  Resource: { key: 'resource', fields: { name: 'name', ...UTILIZATION } },
  ContainerResource: {
    key: 'containerResource',
    fields: { name: 'name', container: 'container', ...UTILIZATION },
  },
  Pods: {
    key: 'pods',
    fields: {
      metricName: 'metric.name',
      selector: 'metric.selector',
      targetAverageValue: 'target.averageValue',
    },
  },
  External: {
    key: 'external',
    fields: {
      metricName: 'metric.name',
      metricSelector: 'metric.selector',
      targetValue: 'target.value',
      targetAverageValue: 'target.averageValue',
    },
  },
  Object: {
    key: 'object',
    fields: {
      target: 'describedObject',
      metricName: 'metric.name',
      selector: 'metric.selector',
      targetValue: 'target.value',
      averageValue: 'target.averageValue',
    },
  },
};

export function toAutoscalerV1(object: JsonObject): JsonObject {
  const { metrics, behavior, ...spec } = objectAt(object, 'spec');
  const { currentMetrics, conditions, ...status } = objectAt(object, 'status');
  const [cpu, others] = splitCpu(listOf(metrics), 'target');
  const [currentCpu] = splitCpu(listOf(currentMetrics), 'current');
  if (cpu !== undefined) spec['targetCPUUtilizationPercentage'] = cpu;
  if (currentCpu !== undefined) status['currentCPUUtilizationPercentage'] = currentCpu;
  const annotations: JsonObject = { ...objectAt(objectAt(object, 'metadata'), 'annotations') };
  annotate(
    annotations,
    METRICS,
    others.map((metric) => toV1Metric(metric, 'target')),
  );
  annotate(
    annotations,
    CURRENT_METRICS,
    listOf(currentMetrics).map((metric) => toV1Metric(metric, 'current')),
  );
  annotate(annotations, CONDITIONS, listOf(conditions));
  if (behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(behavior);
  return assembled(object, annotations, { spec, status });
}

export function toAutoscalerV2(object: JsonObject): JsonObject {
  const { targetCPUUtilizationPercentage: cpu, ...spec } = objectAt(object, 'spec');
  const { currentCPUUtilizationPercentage: currentCpu, ...status } = objectAt(object, 'status');
  const {
    [METRICS]: metrics,
    [CURRENT_METRICS]: current,
    [CONDITIONS]: conditions,
    [BEHAVIOR]: behavior,
    ...annotations
  } = objectAt(objectAt(object, 'metadata'), 'annotations');
  const wanted = parsedList(metrics).map((metric) => toV2Metric(metric, 'target'));
  if (cpu !== undefined) wanted.push(cpuMetric('target', { type: 'Utilization', averageUtilization: cpu }));
  if (wanted.length > 0) spec['metrics'] = wanted;
  const measured = parsedList(current).map((metric) => toV2Metric(metric, 'current'));
  if (measured.length === 0 && currentCpu !== undefined) {
    measured.push(cpuMetric('current', { averageUtilization: currentCpu }));
  }
  if (measured.length > 0) status['currentMetrics'] = measured;
  const found = parsedList(conditions);
  if (found.length > 0) status['conditions'] = found;
  const scaling = parsed(behavior);
  if (scaling !== undefined) spec['behavior'] = scaling;
  return assembled(object, annotations, { spec, status });
}

type Side = 'target' | 'current';

function cpuMetric(side: Side, value: JsonObject): JsonObject {
  return { type: 'Resource', resource: { name: 'cpu', [side]: value } };
}

/** The CPU utilization that v1 has a field for, and the metrics that it has none for. */
function splitCpu(metrics: readonly JsonObject[], side: Side): [JsonValue | undefined, JsonObject[]] {
  const isCpu = (metric: JsonObject) =>
    metric['type'] === 'Resource' &&
    valueAt(metric, 'resource.name') === 'cpu' &&
    valueAt(metric, `resource.${side}.averageUtilization`) !== undefined;
  const found = metrics.find(isCpu);
  const value = found && valueAt(found, `resource.${side}.averageUtilization`);
  return [value, metrics.filter((metric) => metric !== found)];
}

function toV1Metric(metric: JsonObject, side: Side): JsonObject {
  const shape = ownValue(SOURCES, metric['type'] as string);
  if (shape === undefined) return metric;
  const source: JsonObject = {};
  for (const [v1Name, path] of namesOf(shape, side)) {
    const value = valueAt(objectAt(metric, shape.key), path);
    if (value !== undefined) source[v1Name] = value;
  }
  return { type: metric['type'] ?? '', [shape.key]: source };
}

function toV2Metric(metric: JsonObject, side: Side): JsonObject {
  const shape = ownValue(SOURCES, metric['type'] as string);
  if (shape === undefined) return metric;
  const source: JsonObject = {};
  const old = objectAt(metric, shape.key);
  for (const [v1Name, path] of namesOf(shape, side)) {
    const value = old[v1Name];
    if (value !== undefined) setAt(source, path, value);
  }
  const target = source[side];
  if (side === 'target' && target !== undefined)
    source[side] = { type: targetType(target as JsonObject), ...(target as JsonObject) };
  return { type: metric['type'] ?? '', [shape.key]: source };
}

function targetType(target: JsonObject): string {
  if (target['averageUtilization'] !== undefined) return 'Utilization';
  return target['averageValue'] !== undefined ? 'AverageValue' : 'Value';
}

/** `targetValue` and `target.value` for what is wanted, `currentValue` and `current.value` for what was measured. */
function namesOf(shape: SourceShape, side: Side): [string, string][] {
  return Object.entries(shape.fields).map(([v1Name, path]) => {
    if (side === 'target' || !path.startsWith('target.')) return [v1Name, path];
    return [v1Name.replace(/^target/, 'current'), path.replace(/^target/, 'current')];
  });
}

function annotate(annotations: JsonObject, name: string, list: readonly JsonValue[]): void {
  delete annotations[name];
  if (list.length > 0) annotations[name] = JSON.stringify(list);
}

function assembled(
  object: JsonObject,
  annotations: JsonObject,
  parts: { spec: JsonObject; status: JsonObject },
): JsonObject {
  const { annotations: _old, ...metadata } = objectAt(object, 'metadata');
  const result: JsonObject = { ...object, metadata, spec: parts.spec };
  if (Object.keys(annotations).length > 0) metadata['annotations'] = annotations;
  if ('status' in object || Object.keys(parts.status).length > 0) result['status'] = parts.status;
  return result;
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function listOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

function valueAt(object: JsonObject, path: string): JsonValue | undefined {
  const [name = '', ...rest] = path.split('.');
  return rest.length === 0 ? object[name] : valueAt(objectAt(object, name), rest.join('.'));
}

function setAt(object: JsonObject, path: string, value: JsonValue): void {
  const [name = '', ...rest] = path.split('.');
  if (rest.length === 0) object[name] = value;
  else {
    const inner = { ...objectAt(object, name) };
    setAt(inner, rest.join('.'), value);
    object[name] = inner;
  }
}

function parsedList(text: JsonValue | undefined): JsonObject[] {
  return listOf(parsed(text));
}

/** Annotations are the user's to write; text that is no JSON is as good as absent. */
function parsed(text: JsonValue | undefined): JsonValue | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
