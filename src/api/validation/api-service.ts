/** Validation of APIServices. @see k8s.io/kube-aggregator/pkg/apis/apiregistration/validation/validation.go */
import type { APIService, APIServiceSpec, ServiceReference } from '../generated/apiregistration-v1.ts';
import { named } from './field-checks.ts';
import { type FieldError, invalid, notSupported, required } from './field-error.ts';
import { dns1035LabelProblem, dns1123SubdomainProblem, portNumberProblem } from './names.ts';

const GROUP_PRIORITY_MAX = 20_000;
const VERSION_PRIORITY_MAX = 1000;
const STATUSES = ['True', 'False', 'Unknown'];

/** Objects come as they are sent: what is required may be absent. */
type SentSpec = Partial<APIServiceSpec>;
interface SentService {
  metadata: { name?: string };
  spec?: SentSpec;
}

export function validateApiService({ metadata, spec = {} }: SentService): FieldError[] {
  return [...validateName(metadata.name ?? '', spec), ...validatePlace(spec), ...validateBackend(spec)];
}

function validateName(name: string, { group = '', version = '' }: SentSpec): FieldError[] {
  const wanted = `${version}.${group}`;
  if (name === '' || name === wanted) return [];
  return [
    invalid('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`),
  ];
}

function validatePlace(spec: SentSpec): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  const errors: FieldError[] = [];
  if (group === '' && version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') errors.push(...named('spec.group', group, dns1123SubdomainProblem(group)));
  errors.push(...named('spec.version', version, dns1035LabelProblem(version)));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > GROUP_PRIORITY_MAX) {
    const detail = `must be positive and less than ${GROUP_PRIORITY_MAX}`;
    errors.push(invalid('spec.groupPriorityMinimum', groupPriorityMinimum, detail));
  }
  if (versionPriority <= 0 || versionPriority > VERSION_PRIORITY_MAX) {
    const detail = `must be positive and less than ${VERSION_PRIORITY_MAX}`;
    errors.push(invalid('spec.versionPriority', versionPriority, detail));
  }
  return errors;
}

function validateBackend({ service, caBundle = '', insecureSkipTLSVerify = false }: SentSpec): FieldError[] {
  if (service !== undefined) {
    const both = insecureSkipTLSVerify && caBundle !== '';
    const refused = invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present');
    return [...validateService(service), ...(both ? [refused] : [])];
  }
  const errors: FieldError[] = [];
  if (caBundle !== '') {
    const size = `${decodedLength(caBundle)} bytes`;
    errors.push(invalid('spec.caBundle', size, 'local APIServices may not have a caBundle'));
  }
  if (insecureSkipTLSVerify) {
    const detail = 'local APIServices may not have insecureSkipTLSVerify';
    errors.push(invalid('spec.insecureSkipTLSVerify', true, detail));
  }
  return errors;
}

function validateService({ namespace = '', name = '', port = 0 }: ServiceReference): FieldError[] {
  const problem = portNumberProblem(port);
  return [
    ...(namespace === '' ? [required('spec.service.namespace')] : []),
    ...(name === '' ? [required('spec.service.name')] : []),
    ...(problem === undefined ? [] : [invalid('spec.service.port', port, `port is not valid: ${problem}`)]),
  ];
}

/** Of base64 the bytes that it stands for. */
function decodedLength(base64: string): number {
  const padding = /=*$/.exec(base64)![0].length;
  return Math.floor((base64.length * 3) / 4) - padding;
}

export function validateApiServiceStatus({ status }: APIService): FieldError[] {
  return (status?.conditions ?? []).flatMap((condition, index) =>
    STATUSES.includes(condition.status)
      ? []
      : [notSupported(`status.conditions[${index}].status`, condition.status, STATUSES)],
  );
}
