/**
 * Validation of what a HorizontalPodAutoscaler goes by: one source for each metric, with a target that fits it.
 * @see k8s.io/kubernetes/pkg/apis/autoscaling/validation/validation.go validateMetricSpec
 */
import { ownValue } from '../../base/own-value.ts';
import { compareQuantities } from '../../base/quantity.ts';
import type {
  CrossVersionObjectReference,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../generated/autoscaling-v2.ts';
import { named } from './field-checks.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from './field-error.ts';
import { dns1123LabelProblem, pathSegmentProblem } from './names.ts';
import { validateContainerResourceName } from './resource-name.ts';

/** Its fields in the order of upstream, which looks into the first only. */
const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
type Source = (typeof SOURCES)[number];
const TYPES: Readonly<Record<string, Source>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

export function validateMetric(metric: MetricSpec, field: string): FieldError[] {
  const { type } = metric;
  const wanted = ownValue(TYPES, type ?? '');
  const present = SOURCES.filter((source) => metric[source] !== undefined);
  const [first] = present;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric source type'));
  if (wanted === undefined) errors.push(notSupported(`${field}.type`, type ?? '', Object.keys(TYPES)));
  if (first !== undefined) errors.push(...validateSource(metric, first, `${field}.${first}`));
  if (wanted !== undefined && metric[wanted] === undefined)
    errors.push(required(`${field}.${wanted}`, 'must populate information for the given metric source'));
  if (present.length === 1) return errors;
  const others = present.filter((source) => source !== wanted);
  return [
    ...errors,
    ...others.map((source) => forbidden(`${field}.${source}`, 'must populate the given metric source only')),
  ];
}

function validateSource(metric: MetricSpec, source: Source, field: string): FieldError[] {
  const target = (metric[source] as { target?: Partial<MetricTarget> }).target ?? {};
  const judged = validateTarget(target, `${field}.target`);
  const { value, averageValue } = target;
  const hasValue = value !== undefined || averageValue !== undefined;
  const average = `${field}.target.averageValue`;
  switch (source) {
    case 'object':
      return [
        ...validateReference(metric.object?.describedObject ?? {}, `${field}.describedObject`),
        ...validateIdentifier(metric.object?.metric, `${field}.metric`),
        ...judged,
        ...(hasValue ? [] : [required(average, 'must set either a target value or averageValue')]),
      ];
    case 'external':
      return [
        ...validateIdentifier(metric.external?.metric, `${field}.metric`),
        ...judged,
        ...validateExternal(target, `${field}.target`),
      ];
    case 'pods':
      return [
        ...validateIdentifier(metric.pods?.metric, `${field}.metric`),
        ...judged,
        ...(averageValue === undefined
          ? [required(average, 'must specify a positive target averageValue')]
          : []),
      ];
    case 'resource':
      return [
        ...(metric.resource?.name ? [] : [required(`${field}.name`, 'must specify a resource name')]),
        ...judged,
        ...validateUtilization(target, `${field}.target`),
      ];
    case 'containerResource':
      return [
        ...validateContainerResource(metric.containerResource ?? {}, field),
        ...judged,
        ...validateUtilization(target, `${field}.target`),
      ];
  }
}

function validateExternal({ value, averageValue }: Partial<MetricTarget>, field: string): FieldError[] {
  if (value === undefined && averageValue === undefined) {
    const why = 'must set either a target value for metric or a per-pod target';
    return [required(`${field}.averageValue`, why)];
  }
  if (value === undefined || averageValue === undefined) return [];
  return [forbidden(`${field}.value`, 'may not set both a target value for metric and a per-pod target')];
}

function validateContainerResource(
  { name, container }: Partial<NonNullable<MetricSpec['containerResource']>>,
  field: string,
): FieldError[] {
  return [
    ...(name
      ? validateContainerResourceName(name, `${field}.name`)
      : [required(`${field}.name`, 'must specify a resource name')]),
    ...(container
      ? named(`${field}.container`, container, dns1123LabelProblem(container))
      : [required(`${field}.container`, 'must specify a container')]),
  ];
}

function validateUtilization(
  { averageUtilization, averageValue }: Partial<MetricTarget>,
  field: string,
): FieldError[] {
  if (averageUtilization === undefined && averageValue === undefined) {
    const why = 'must set either a target raw value or a target utilization';
    return [required(`${field}.averageUtilization`, why)];
  }
  if (averageUtilization === undefined || averageValue === undefined) return [];
  const why = 'may not set both a target raw value and a target utilization';
  return [forbidden(`${field}.averageValue`, why)];
}

function validateTarget(target: Partial<MetricTarget>, field: string): FieldError[] {
  const { type = '', averageUtilization } = target;
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric target type'));
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue')
    errors.push(invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  for (const part of ['value', 'averageValue'] as const) {
    const amount = target[part];
    if (amount !== undefined && compareQuantities(amount, '0') <= 0)
      errors.push(invalid(`${field}.${part}`, amount, 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalid(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  return errors;
}

function validateIdentifier(metric: Partial<MetricIdentifier> | undefined, field: string): FieldError[] {
  const { name } = metric ?? {};
  if (!name) return [required(`${field}.name`, 'must specify a metric name')];
  return named(`${field}.name`, name, pathSegmentProblem(name));
}

export function validateReference(
  reference: Partial<CrossVersionObjectReference>,
  field: string,
): FieldError[] {
  return (['kind', 'name'] as const).flatMap((part) => {
    const value = reference[part];
    return value
      ? named(`${field}.${part}`, value, pathSegmentProblem(value))
      : [required(`${field}.${part}`)];
  });
}
