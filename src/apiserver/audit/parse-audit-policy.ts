/** From the file that `--audit-policy` names to rules. @see k8s.io/apiserver/pkg/apis/audit/validation */
import {
  type ConfigurationReader,
  HEADER_FIELDS,
  parseConfiguration,
} from '../../api/configuration/configuration.ts';
import { invalid, notSupported, required } from '../../api/validation/field-error.ts';
import { dns1123SubdomainProblem } from '../../api/validation/names.ts';
import {
  AUDIT_LEVELS,
  AUDIT_STAGES,
  type AuditedResources,
  type AuditLevel,
  type AuditPolicy,
  type AuditRule,
  type AuditStage,
} from './audit-policy.ts';

const POLICY = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' };
const POLICY_FIELDS = [...HEADER_FIELDS, 'rules', 'omitStages', 'omitManagedFields'];
const RULE_FIELDS = [
  'level',
  'users',
  'userGroups',
  'verbs',
  'resources',
  'namespaces',
  'nonResourceURLs',
  'omitStages',
  'omitManagedFields',
];
const RESOURCES_FIELDS = ['group', 'resources', 'resourceNames'];

/** @throws ConfigurationError naming every field that is wrong */
export function parseAuditPolicy(text: string): AuditPolicy {
  return parseConfiguration(text, POLICY, (reader) => {
    reader.expectOnly(POLICY_FIELDS);
    const shared = {
      omitStages: readStages(reader),
      omitManagedFields: reader.boolean('omitManagedFields') ?? false,
    };
    const rules = reader.objects('rules').map((rule) => readRule(rule, shared));
    if (rules.length === 0) reader.report(required('rules', 'loaded illegal policy with 0 rules'));
    return { rules };
  });
}

function readRule(
  reader: ConfigurationReader,
  shared: { omitStages: readonly AuditStage[]; omitManagedFields: boolean },
): AuditRule {
  reader.expectOnly(RULE_FIELDS);
  const rule: AuditRule = {
    level: readLevel(reader),
    users: reader.strings('users'),
    userGroups: reader.strings('userGroups'),
    verbs: reader.strings('verbs'),
    resources: reader.objects('resources').map(readResources),
    namespaces: reader.strings('namespaces'),
    nonResourceUrls: readUrls(reader),
    omitStages: new Set([...shared.omitStages, ...readStages(reader)]),
    omitManagedFields: reader.boolean('omitManagedFields') ?? shared.omitManagedFields,
  };
  if (rule.nonResourceUrls.length > 0 && rule.resources.length + rule.namespaces.length > 0) {
    const why = 'rules cannot apply to both regular resources and non-resource URLs';
    reader.report(invalid(reader.pathOf('nonResourceURLs'), rule.nonResourceUrls, why));
  }
  return rule;
}

function readLevel(reader: ConfigurationReader): AuditLevel {
  const text = reader.string('level');
  const level = AUDIT_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  const path = reader.pathOf('level');
  reader.report(text === '' ? required(path) : notSupported(path, text, AUDIT_LEVELS));
  return 'None';
}

function readStages(reader: ConfigurationReader): AuditStage[] {
  const path = reader.pathOf('omitStages');
  return reader.strings('omitStages').flatMap((text, index) => {
    const stage = AUDIT_STAGES.find((known) => known === text);
    if (stage !== undefined) return [stage];
    reader.report(invalid(`${path}[${index}]`, text, `allowed stages are ${AUDIT_STAGES.join(',')}`));
    return [];
  });
}

function readUrls(reader: ConfigurationReader): string[] {
  const urls = reader.strings('nonResourceURLs');
  for (const [index, url] of urls.entries()) {
    const path = `${reader.pathOf('nonResourceURLs')}[${index}]`;
    if (url === '*') continue;
    if (!url.startsWith('/'))
      reader.report(invalid(path, url, "non-resource URL rules must begin with a '/' character"));
    if (url.slice(0, -1).includes('*')) {
      const why = "non-resource URL wildcards '*' must be the final character of the rule";
      reader.report(invalid(path, url, why));
    }
  }
  return urls;
}

function readResources(reader: ConfigurationReader): AuditedResources {
  reader.expectOnly(RESOURCES_FIELDS);
  const group = reader.string('group');
  const resources = reader.strings('resources');
  const resourceNames = reader.strings('resourceNames');
  const problem = group === '' ? undefined : dns1123SubdomainProblem(group);
  if (problem !== undefined) reader.report(invalid(reader.pathOf('group'), group, problem));
  if (resourceNames.length > 0 && resources.length === 0) {
    const why = 'using resourceNames requires at least one resource';
    reader.report(invalid(reader.pathOf('resourceNames'), resourceNames, why));
  }
  return { group, resources, resourceNames };
}
