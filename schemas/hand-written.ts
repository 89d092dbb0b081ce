/** Packages that no pinned source carries: the aggregator's APIService and the metrics API. Facts from their types.go. */
import type { ModelDefinition, ModelField, ModelPackage, Target } from './model.ts';

const META = 'meta/v1';

interface FieldSpec {
  name: string;
  number: number;
  target: Target;
  required?: boolean;
  shape?: ModelField['shape'];
  extra?: Partial<ModelField>;
}

function definition(name: string, specs: FieldSpec[], isKind = false): ModelDefinition {
  const fields = specs.map(
    (spec): ModelField => ({
      name: spec.name,
      numbers: [spec.number],
      shape: spec.shape ?? 'one',
      target: spec.target,
      required: spec.required ?? false,
      ...spec.extra,
    }),
  );
  return { name, isKind, atomic: false, fields };
}

const POINTER: Partial<ModelField> = { pointer: true };
const OMIT_ZERO: Partial<ModelField> = { omitZero: true };
const scalar = (code: string): Target => ({ scalar: code });
const meta = (name: string): Target => ({ package: META, name });

function list(name: string, packageId: string): ModelDefinition {
  const items: Target = { package: packageId, name: name.slice(0, -'List'.length) };
  return definition(
    name,
    [
      { name: 'metadata', number: 1, target: meta('ListMeta') },
      { name: 'items', number: 2, target: items, shape: 'list', required: true },
    ],
    true,
  );
}

function toPackage(head: Omit<ModelPackage, 'definitions'>, definitions: ModelDefinition[]): ModelPackage {
  return { ...head, definitions: new Map(definitions.map((entry) => [entry.name, entry])) };
}

function apiregistration(): ModelPackage {
  const id = 'apiregistration/v1';
  const own = (name: string): Target => ({ package: id, name });
  const conditions: Partial<ModelField> = {
    omitZero: true,
    listType: 'map',
    listMapKeys: ['type'],
    patchStrategy: 'merge',
    patchMergeKey: 'type',
  };
  return toPackage(
    {
      id,
      group: 'apiregistration.k8s.io',
      version: 'v1',
      openapiPrefix: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
      enums: new Map(),
    },
    [
      definition(
        'APIService',
        [
          { name: 'metadata', number: 1, target: meta('ObjectMeta') },
          { name: 'spec', number: 2, target: own('APIServiceSpec') },
          { name: 'status', number: 3, target: own('APIServiceStatus') },
        ],
        true,
      ),
      serviceCondition(),
      list('APIServiceList', id),
      definition('APIServiceSpec', [
        { name: 'service', number: 1, target: own('ServiceReference'), extra: POINTER },
        { name: 'group', number: 2, target: scalar('s'), extra: OMIT_ZERO },
        { name: 'version', number: 3, target: scalar('s'), extra: OMIT_ZERO },
        { name: 'insecureSkipTLSVerify', number: 4, target: scalar('b'), extra: OMIT_ZERO },
        { name: 'caBundle', number: 5, target: scalar('y'), extra: { listType: 'atomic', omitZero: true } },
        { name: 'groupPriorityMinimum', number: 7, target: scalar('i'), required: true },
        { name: 'versionPriority', number: 8, target: scalar('i'), required: true },
      ]),
      definition('APIServiceStatus', [
        {
          name: 'conditions',
          number: 1,
          target: own('APIServiceCondition'),
          shape: 'list',
          extra: conditions,
        },
      ]),
      definition('ServiceReference', [
        { name: 'namespace', number: 1, target: scalar('s'), extra: OMIT_ZERO },
        { name: 'name', number: 2, target: scalar('s'), extra: OMIT_ZERO },
        { name: 'port', number: 3, target: scalar('i'), extra: POINTER },
      ]),
    ],
  );
}

function serviceCondition() {
  return definition('APIServiceCondition', [
    {
      name: 'type',
      number: 1,
      target: scalar('s'),
      required: true,
      extra: { goType: 'v1.APIServiceConditionType' },
    },
    {
      name: 'status',
      number: 2,
      target: scalar('s'),
      required: true,
      extra: { goType: 'v1.ConditionStatus' },
    },
    { name: 'lastTransitionTime', number: 3, target: scalar('t') },
    { name: 'reason', number: 4, target: scalar('s'), extra: OMIT_ZERO },
    { name: 'message', number: 5, target: scalar('s'), extra: OMIT_ZERO },
  ]);
}

function metrics(): ModelPackage {
  const id = 'metrics/v1beta1';
  const usage: FieldSpec = { name: 'usage', number: 4, target: scalar('q'), shape: 'map', required: true };
  const head: FieldSpec[] = [
    { name: 'metadata', number: 1, target: meta('ObjectMeta') },
    { name: 'timestamp', number: 2, target: scalar('t'), required: true },
    { name: 'window', number: 3, target: scalar('d'), required: true },
  ];
  const containers: FieldSpec = {
    name: 'containers',
    number: 4,
    target: { package: id, name: 'ContainerMetrics' },
    shape: 'list',
    required: true,
    extra: { listType: 'atomic' },
  };
  return toPackage(
    {
      id,
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      openapiPrefix: 'io.k8s.metrics.pkg.apis.metrics.v1beta1',
      enums: new Map(),
    },
    [
      definition('ContainerMetrics', [
        { name: 'name', number: 1, target: scalar('s'), required: true },
        { ...usage, number: 2 },
      ]),
      definition('NodeMetrics', [...head, usage], true),
      list('NodeMetricsList', id),
      definition('PodMetrics', [...head, containers], true),
      list('PodMetricsList', id),
    ],
  );
}

export function handWrittenPackages(): ModelPackage[] {
  return [apiregistration(), metrics()];
}
