/** Validation of FlowSchemas. @see kubernetes/kubernetes pkg/apis/flowcontrol/validation/validation.go */
import { MANDATORY_FLOW_SCHEMAS } from '../flow-control/bootstrap.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../generated/flowcontrol-v1.ts';
import { equalJson } from '../json.ts';
import { named } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from './field-error.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem } from './names.ts';

const PRECEDENCE_MAX = 10_000;
const DISTINGUISHERS = ['ByNamespace', 'ByUser'];
const VERBS = ['get', 'list', 'create', 'update', 'delete', 'deletecollection', 'patch', 'watch', 'proxy'];
/** Of each kind of subject, the field that names it. */
const SUBJECT_FIELDS = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

type SubjectKind = keyof typeof SUBJECT_FIELDS;

/** Objects come as they are sent: what is required may be empty, and the name may still be made. */
interface SentSchema {
  metadata: Partial<FlowSchema['metadata']>;
  spec: FlowSchemaSpec;
}

export function validateFlowSchema({ metadata: { name = '' }, spec }: SentSchema): FieldError[] {
  const errors = [
    ...validatePrecedence(spec.matchingPrecedence ?? 0, name),
    ...validateReferences(spec),
    ...errorsOfEach(spec.rules ?? [], (rule, index) => validateRule(rule, `spec.rules[${index}]`)),
  ];
  const prescribed = MANDATORY_FLOW_SCHEMAS.find((schema) => schema.name === name);
  if (prescribed !== undefined && !equalJson(spec, prescribed.spec)) {
    errors.push(invalid('spec', spec, `spec of '${name}' must equal the fixed value`));
  }
  return errors;
}

function validatePrecedence(precedence: number, name: string): FieldError[] {
  const problems = [
    ...(precedence <= 0 ? ['must be a positive value'] : []),
    ...(precedence > PRECEDENCE_MAX ? [`must not be greater than ${PRECEDENCE_MAX}`] : []),
    ...(precedence === 1 && name !== 'exempt'
      ? ["only the schema named 'exempt' may have matchingPrecedence 1"]
      : []),
  ];
  return problems.map((problem) => invalid('spec.matchingPrecedence', precedence, problem));
}

function validateReferences({
  distinguisherMethod,
  priorityLevelConfiguration,
}: FlowSchemaSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (distinguisherMethod !== undefined && !DISTINGUISHERS.includes(distinguisherMethod.type)) {
    errors.push(notSupported('spec.distinguisherMethod.type', distinguisherMethod, DISTINGUISHERS));
  }
  const field = 'spec.priorityLevelConfiguration.name';
  const level = priorityLevelConfiguration?.name ?? '';
  if (level === '') return [...errors, required(field, 'must reference a priority level')];
  return [...errors, ...named(field, level, dns1123SubdomainProblem(level))];
}

function validateRule(rule: Partial<PolicyRulesWithSubjects>, path: string): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  const errors = errorsOfEach(subjects, (subject, index) =>
    validateSubject(subject, `${path}.subjects[${index}]`),
  );
  if (subjects.length === 0) {
    errors.push(required(`${path}.subjects`, 'subjects must contain at least one value'));
  }
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  return [
    ...errors,
    ...errorsOfEach(resourceRules, (each, index) =>
      validateResourceRule(each, `${path}.resourceRules[${index}]`),
    ),
    ...errorsOfEach(nonResourceRules, (each, index) =>
      validatePathRule(each, `${path}.nonResourceRules[${index}]`),
    ),
  ];
}

function validateSubject(subject: Subject, path: string): FieldError[] {
  if (!Object.hasOwn(SUBJECT_FIELDS, subject.kind)) {
    return [notSupported(`${path}.kind`, subject.kind, Object.keys(SUBJECT_FIELDS))];
  }
  const kind = subject.kind as SubjectKind;
  const own = SUBJECT_FIELDS[kind];
  const errors =
    subject[own] === undefined
      ? [required(`${path}.${own}`, `${own} is required when subject kind is '${kind}'`)]
      : validateNames(subject, `${path}.${own}`);
  for (const [otherKind, field] of Object.entries(SUBJECT_FIELDS)) {
    if (field === own || subject[field] === undefined) continue;
    errors.push(
      forbidden(`${path}.${field}`, `${field} is forbidden when subject kind is not '${otherKind}'`),
    );
  }
  return errors;
}

function validateNames({ kind, user, group, serviceAccount }: Subject, path: string): FieldError[] {
  if (kind !== 'ServiceAccount') {
    const { name } = (kind === 'User' ? user : group)!;
    return name ? [] : [required(`${path}.name`)];
  }
  const { name, namespace } = serviceAccount!;
  const errors = name ? [] : [required(`${path}.name`)];
  if (name && name !== '*') errors.push(...named(`${path}.name`, name, dns1123SubdomainProblem(name)));
  if (!namespace) {
    return [...errors, required(`${path}.namespace`, 'must specify namespace for service account')];
  }
  return [...errors, ...named(`${path}.namespace`, namespace, dns1123LabelProblem(namespace))];
}

function validateVerbs(verbs: string[] = [], path: string): FieldError[] {
  const field = `${path}.verbs`;
  if (verbs.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (verbs.includes('*')) return alone(field, verbs, 'verbs');
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, verbs, VERBS)];
}

/** `*` stands for everything, and therefore by itself. */
function alone(field: string, values: readonly string[], what: string): FieldError[] {
  const isAlone = values.length <= 1 || !values.includes('*');
  return isAlone ? [] : [invalid(field, values, `if '*' is present, must not specify other ${what}`)];
}

function validatePathRule(
  { verbs, nonResourceURLs = [] }: Partial<NonResourcePolicyRule>,
  path: string,
): FieldError[] {
  const errors = validateVerbs(verbs, path);
  const field = `${path}.nonResourceURLs`;
  if (nonResourceURLs.length === 0) {
    return [...errors, required(field, 'nonResourceURLs must contain at least one value')];
  }
  if (nonResourceURLs.includes('*'))
    return [...errors, ...alone(field, nonResourceURLs, 'non-resource URLs')];
  const problems = errorsOfEach(nonResourceURLs, (url, index) =>
    named(`${field}[${index}]`, url, nonResourceUrlProblem(url)),
  );
  return [...errors, ...problems];
}

function nonResourceUrlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const wildcards = url.split('*').length - 1;
  const isSuffix = wildcards === 0 || (wildcards === 1 && url.endsWith('/*'));
  return isSuffix ? undefined : 'wildcard can only do suffix matching';
}

function validateResourceRule(rule: Partial<ResourcePolicyRule>, path: string): FieldError[] {
  const { verbs, apiGroups = [], resources = [], namespaces = [], clusterScope } = rule;
  const errors = validateVerbs(verbs, path);
  if (apiGroups.length === 0) {
    errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  errors.push(...alone(`${path}.apiGroups`, apiGroups, 'api groups'));
  if (resources.length === 0) {
    errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  }
  errors.push(...alone(`${path}.resources`, resources, 'resources'));
  const field = `${path}.namespaces`;
  if (namespaces.length === 0 && clusterScope !== true) {
    const detail = 'resource rules that are not cluster scoped must supply at least one namespace';
    return [...errors, required(field, detail)];
  }
  if (namespaces.includes('*')) return [...errors, ...alone(field, namespaces, 'namespaces')];
  const problems = errorsOfEach(namespaces, (namespace, index) =>
    named(`${field}[${index}]`, namespace, namespaceProblem(namespace)),
  );
  return [...errors, ...problems];
}

function namespaceProblem(namespace: string): string | undefined {
  const problem = dns1123LabelProblem(namespace);
  return problem && `each member of this list must be '*' or a DNS-1123 label; ${problem}`;
}

interface WithConditions {
  status?: { conditions?: readonly { type?: string }[] };
}

/** Of flow schemas and of priority levels: each condition is there once. */
export function validateFlowControlStatus({ status }: WithConditions): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(status?.conditions ?? [], ({ type = '' }, index) => {
    const field = `status.conditions[${index}].type`;
    const errors = seen.has(type) ? [duplicate(field, type)] : [];
    seen.add(type);
    return type === '' ? [...errors, required(field)] : errors;
  });
}
