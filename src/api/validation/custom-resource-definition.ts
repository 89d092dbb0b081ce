/** Rules of CustomResourceDefinitions. @see apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go */
import { CelError } from '../cel/cel-error.ts';
import { CompileBudget } from '../cel/compile-budget.ts';
import { compileRegex } from '../cel/regex/regex.ts';
import { isJsonPath } from '../custom/json-path.ts';
import { ruleErrors } from '../custom/rules/check-rules.ts';
import type {
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../generated/apiextensions-v1.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  untilMany,
} from './field-error.ts';
import { dns1035LabelProblem, dns1123SubdomainProblem } from './names.ts';
import { webhookClientErrors } from './webhook-client.ts';

const APPROVAL = 'api-approved.kubernetes.io';
const PROTECTED = /(?:^|\.)(?:k8s|kubernetes)\.io$/;
const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
/** Several versions may repeat the rules of a large schema. */
const RULES_TEXT_MAX = 256 * 1024;

export function validateDefinition({ metadata, spec }: CustomResourceDefinition): FieldError[] {
  const { group, names, scope, versions } = spec;
  const errors: FieldError[] = [];
  const expected = `${names?.plural}.${group}`;
  if (metadata.name !== expected) {
    errors.push(invalid('metadata.name', metadata.name, `must be spec.names.plural+"."+spec.group`));
  }
  errors.push(...groupErrors(group, metadata.annotations ?? {}));
  if (scope !== 'Cluster' && scope !== 'Namespaced') {
    errors.push(
      scope ? notSupported('spec.scope', scope, ['Cluster', 'Namespaced']) : required('spec.scope'),
    );
  }
  errors.push(...nameErrors(names ?? { plural: '', kind: '' }), ...versionListErrors(versions ?? []));
  errors.push(...conversionErrors(spec.conversion, 'spec.conversion'));
  return errors;
}

/** Where objects are, and in what they are, may not change under them. */
export function validateDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  const errors = validateDefinition(definition);
  const immutable = (field: 'group' | 'scope') => {
    if (definition.spec[field] !== old.spec[field]) {
      errors.push(invalid(`spec.${field}`, definition.spec[field], 'field is immutable'));
    }
  };
  immutable('group');
  immutable('scope');
  const { plural, kind } = definition.spec.names ?? { plural: '', kind: '' };
  if (plural !== old.spec.names.plural)
    errors.push(invalid('spec.names.plural', plural, 'field is immutable'));
  if (kind !== old.spec.names.kind) errors.push(invalid('spec.names.kind', kind, 'field is immutable'));
  const names = new Set(definition.spec.versions?.map(({ name }) => name));
  for (const [index, stored] of untilMany(errors, (old.status?.storedVersions ?? []).entries())) {
    if (names.has(stored)) continue;
    const detail = 'missing from spec.versions; versions may not be removed while objects are stored in them';
    errors.push(invalid(`status.storedVersions[${index}]`, stored, detail));
  }
  return errors;
}

function groupErrors(group: string, annotations: Record<string, string>): FieldError[] {
  if (!group) return [required('spec.group')];
  const problem = dns1123SubdomainProblem(group);
  if (problem !== undefined) return [invalid('spec.group', group, problem)];
  if (!group.includes('.')) return [invalid('spec.group', group, 'should be a domain with at least one dot')];
  if (!PROTECTED.test(group) || annotations[APPROVAL]) return [];
  const detail = `protected groups must have approval annotation ${JSON.stringify(APPROVAL)}, see https://github.com/kubernetes/enhancements/pull/1111`;
  return [required(`metadata.annotations[${APPROVAL}]`, detail)];
}

function nameErrors({
  plural,
  singular,
  kind,
  listKind,
  shortNames = [],
  categories = [],
}: CustomResourceDefinitionNames): FieldError[] {
  const errors: FieldError[] = [];
  const label = (field: string, value: string | undefined, isRequired: boolean) => {
    if (!value) {
      if (isRequired) errors.push(required(`spec.names.${field}`));
      return;
    }
    const problem = dns1035LabelProblem(value.toLowerCase());
    if (problem !== undefined) errors.push(invalid(`spec.names.${field}`, value, problem));
    else if (field !== 'kind' && field !== 'listKind' && value !== value.toLowerCase()) {
      errors.push(invalid(`spec.names.${field}`, value, dns1035LabelProblem(value) ?? 'must be lower case'));
    }
  };
  label('plural', plural, true);
  label('singular', singular, false);
  label('kind', kind, true);
  label('listKind', listKind, false);
  for (const [index, name] of untilMany(errors, shortNames.entries()))
    label(`shortNames[${index}]`, name, true);
  for (const [index, name] of untilMany(errors, categories.entries()))
    label(`categories[${index}]`, name, true);
  if (kind && kind === listKind)
    errors.push(invalid('spec.names.listKind', listKind, 'kind and listKind may not be the same'));
  return errors;
}

/** In upstream's paths, which are those of its own form of the object. */
function conversionErrors(conversion: CustomResourceConversion | undefined, at: string): FieldError[] {
  const { strategy, webhook } = conversion ?? { strategy: 'None' };
  const strategies = ['None', 'Webhook'];
  if (!strategy) return [required(`${at}.strategy`)];
  if (!strategies.includes(strategy)) return [notSupported(`${at}.strategy`, strategy, strategies)];
  const [client, versions] = [`${at}.webhookClientConfig`, `${at}.conversionReviewVersions`];
  if (strategy === 'None') {
    const why = 'should not be set when strategy is not set to Webhook';
    return [
      ...(webhook?.clientConfig === undefined ? [] : [forbidden(client, why)]),
      ...((webhook?.conversionReviewVersions ?? []).length === 0 ? [] : [forbidden(versions, why)]),
    ];
  }
  if (webhook?.clientConfig === undefined) {
    return [
      required(client, 'required when strategy is set to Webhook'),
      ...reviewVersionErrors(webhook?.conversionReviewVersions ?? [], versions),
    ];
  }
  return [
    ...webhookClientErrors(webhook.clientConfig, client),
    ...reviewVersionErrors(webhook.conversionReviewVersions ?? [], versions),
  ];
}

function reviewVersionErrors(versions: readonly string[], at: string): FieldError[] {
  if (versions.length === 0) return [required(at)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, version] of untilMany(errors, versions.entries())) {
    const problem = seen.has(version) ? 'duplicate version' : dns1035LabelProblem(version);
    seen.add(version);
    if (problem !== undefined) errors.push(invalid(`${at}[${index}]`, version, problem));
  }
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    errors.push(invalid(at, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  }
  return errors;
}

function versionListErrors(versions: readonly CustomResourceDefinitionVersion[]): FieldError[] {
  const errors: FieldError[] = [];
  if (versions.length === 0) errors.push(required('spec.versions', 'must have at least one version'));
  const stored = versions.filter(({ storage }) => storage).length;
  if (versions.length > 0 && stored !== 1) {
    errors.push(invalid('spec.versions', stored, 'must have exactly one version marked as storage version'));
  }
  const seen = new Set<string>();
  const budget = new CompileBudget(RULES_TEXT_MAX);
  for (const [index, version] of untilMany(errors, versions.entries())) {
    const path = `spec.versions[${index}]`;
    if (seen.has(version.name)) errors.push(duplicate(`${path}.name`, version.name));
    seen.add(version.name);
    errors.push(...versionErrors(version, path, budget));
  }
  return errors;
}

function versionErrors(
  version: CustomResourceDefinitionVersion,
  path: string,
  budget: CompileBudget,
): FieldError[] {
  const errors: FieldError[] = [];
  const problem = version.name ? dns1035LabelProblem(version.name) : '';
  if (problem !== undefined)
    errors.push(problem === '' ? required(`${path}.name`) : invalid(`${path}.name`, version.name, problem));
  const schema = version.schema?.openAPIV3Schema;
  if (schema === undefined) errors.push(required(`${path}.schema.openAPIV3Schema`, 'schemas are required'));
  else errors.push(...rootErrors(schema, `${path}.schema.openAPIV3Schema`, budget));
  for (const [index, column] of untilMany(errors, (version.additionalPrinterColumns ?? []).entries())) {
    const at = `${path}.additionalPrinterColumns[${index}]`;
    if (!column.name) errors.push(required(`${at}.name`));
    if (!COLUMN_TYPES.includes(column.type))
      errors.push(notSupported(`${at}.type`, column.type, COLUMN_TYPES));
    if (!isJsonPath(column.jsonPath))
      errors.push(invalid(`${at}.jsonPath`, column.jsonPath, 'is not a JSONPath that can be read'));
  }
  const scale = version.subresources?.scale;
  if (scale !== undefined && !scale.specReplicasPath.startsWith('.spec.')) {
    errors.push(
      invalid(
        `${path}.subresources.scale.specReplicasPath`,
        scale.specReplicasPath,
        'should be a json path under .spec',
      ),
    );
  }
  if (scale !== undefined && !scale.statusReplicasPath.startsWith('.status.')) {
    errors.push(
      invalid(
        `${path}.subresources.scale.statusReplicasPath`,
        scale.statusReplicasPath,
        'should be a json path under .status',
      ),
    );
  }
  return errors;
}

function rootErrors(schema: JSONSchemaProps, path: string, budget: CompileBudget): FieldError[] {
  if (schema.type === undefined) return [required(`${path}.type`, 'must not be empty at the root')];
  if (schema.type !== 'object') return [invalid(`${path}.type`, schema.type, 'must be object at the root')];
  const errors = structuralErrors(schema, path);
  return errors.length > 0 ? errors : ruleErrors(schema, path, budget);
}

/** Every field says what it is: without that nothing could be pruned. @see apiextensions-apiserver/pkg/apiserver/schema/validation.go */
function structuralErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  const errors = ownErrors(schema, path);
  const { properties = {}, additionalProperties, items } = schema;
  for (const [name, property] of untilMany(errors, Object.entries(properties))) {
    errors.push(...partErrors(property, `${path}.properties[${name}]`, 'object fields'));
  }
  if (typeof additionalProperties === 'object') {
    errors.push(...partErrors(additionalProperties, `${path}.additionalProperties`, 'object fields'));
  }
  if (additionalProperties !== undefined && Object.keys(properties).length > 0) {
    errors.push(
      forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  }
  if (schema.type === 'array' && items === undefined)
    errors.push(required(`${path}.items`, 'must be specified'));
  if (Array.isArray(items))
    errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'));
  else if (items !== undefined) errors.push(...partErrors(items, `${path}.items`, 'array items'));
  return errors;
}

function partErrors(schema: JSONSchemaProps, path: string, what: string): FieldError[] {
  const isTyped =
    schema.type !== undefined ||
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true;
  const errors = structuralErrors(schema, path);
  return isTyped ? errors : [required(`${path}.type`, `must not be empty for specified ${what}`), ...errors];
}

function ownErrors(schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.type !== undefined && !TYPES.includes(schema.type))
    errors.push(notSupported(`${path}.type`, schema.type, TYPES));
  const problem = schema.pattern === undefined ? undefined : patternProblem(schema.pattern);
  if (problem !== undefined) errors.push(invalid(`${path}.pattern`, schema.pattern, problem));
  if (schema.uniqueItems)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  for (const field of [
    'definitions',
    'dependencies',
    '$ref',
    'id',
    'patternProperties',
    'additionalItems',
  ] as const) {
    if (schema[field] !== undefined) errors.push(forbidden(`${path}.${field}`, `${field} is not supported`));
  }
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'map' && !schema['x-kubernetes-list-map-keys']?.length) {
    errors.push(
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    );
  }
  if (listType !== undefined && !['atomic', 'map', 'set'].includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']));
  }
  return errors;
}

function patternProblem(pattern: string): string | undefined {
  try {
    compileRegex(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof CelError) return `must be a valid regular expression, but isn't: ${error.message}`;
    throw error;
  }
}
