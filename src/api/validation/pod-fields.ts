/**
 * Validation of the fields of a Pod's spec that stand for themselves: one row for each that has a rule. What a Pod does
 * not say costs it nothing.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePodSpec
 */
import type { PodSchedulingGroup, PodSpec } from '../generated/core-v1.ts';
import { validateAffinity } from './affinity.ts';
import { validateResources } from './container-resources.ts';
import { named, notNegative, oneInOrder } from './field-checks.ts';
import { type FieldError, invalid } from './field-error.ts';
import { validateReadinessGates, validateSchedulingGates } from './gates.ts';
import { validateHostUsers, validateShareProcessNamespace } from './host-namespaces.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem } from './names.ts';
import { validateLabels } from './object-meta.ts';
import {
  validateDnsConfig,
  validateDnsPolicy,
  validateHostAliases,
  validateHostNetworkPorts,
  validateHostnameOverride,
} from './pod-network.ts';
import { validateOs } from './pod-os.ts';
import { validatePreemptionPolicy } from './priority-class.ts';
import { validatePodResourceClaims } from './resource-claims.ts';
import { validatePodSecurityContext } from './security-context.ts';
import { validateTolerations } from './tolerations.ts';
import { validateTopologySpread } from './topology-spread.ts';

/** @param field  where the value stands, of the Pod's spec or of a template's */
type FieldRule<T> = (value: T, field: string, spec: PodSpec) => FieldError[];

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const INT32_MAX = 2_147_483_647;

/** A name that may be empty, which is as good as absent. */
function optionalName(problem: (name: string) => string | undefined): FieldRule<string> {
  return (name, field) => (name === '' ? [] : named(field, name, problem(name)));
}

const LABEL = optionalName(dns1123LabelProblem);
const SUBDOMAIN = optionalName(dns1123SubdomainProblem);

const RULES: { readonly [Name in keyof PodSpec]?: FieldRule<NonNullable<PodSpec[Name]>> } = {
  resourceClaims: validatePodResourceClaims,
  hostNetwork: (isShared, field, spec) =>
    isShared ? validateHostNetworkPorts(spec, field.replace(/\.hostNetwork$/, '')) : [],
  restartPolicy: (policy, field) => oneInOrder(field, policy, RESTART_POLICIES),
  dnsPolicy: validateDnsPolicy,
  nodeSelector: validateLabels,
  securityContext: validatePodSecurityContext,
  shareProcessNamespace: validateShareProcessNamespace,
  affinity: validateAffinity,
  dnsConfig: validateDnsConfig,
  readinessGates: validateReadinessGates,
  schedulingGates: validateSchedulingGates,
  topologySpreadConstraints: validateTopologySpread,
  hostUsers: validateHostUsers,
  hostnameOverride: validateHostnameOverride,
  serviceAccountName: SUBDOMAIN,
  nodeName: SUBDOMAIN,
  activeDeadlineSeconds: (seconds, field) =>
    seconds >= 1 && seconds <= INT32_MAX
      ? []
      : [invalid(field, seconds, `must be between 1 and ${INT32_MAX}, inclusive`)],
  terminationGracePeriodSeconds: (seconds, field) => notNegative(field, seconds),
  hostname: LABEL,
  subdomain: LABEL,
  tolerations: validateTolerations,
  hostAliases: validateHostAliases,
  priorityClassName: SUBDOMAIN,
  runtimeClassName: (name, field) => named(field, name, dns1123SubdomainProblem(name)),
  preemptionPolicy: validatePreemptionPolicy,
  overhead: (limits, field) => validateResources({ limits }, field),
  os: validateOs,
  schedulingGroup: validateSchedulingGroup,
};

const NAMES = Object.keys(RULES) as (keyof PodSpec)[];

/** @param field  of the Pod's spec */
export function validatePodFields(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of NAMES) {
    const value = spec[name];
    if (value === undefined) continue;
    const rule = RULES[name] as FieldRule<typeof value>;
    errors.push(...rule(value, `${field}.${name}`, spec));
  }
  return errors;
}

function validateSchedulingGroup({ podGroupName }: PodSchedulingGroup, field: string): FieldError[] {
  const path = `${field}.podGroupName`;
  return podGroupName === undefined
    ? [invalid(path, podGroupName, 'must specify one of: `podGroupName`')]
    : named(path, podGroupName, dns1123SubdomainProblem(podGroupName));
}
