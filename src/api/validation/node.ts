/** Validation of Nodes: taints, addresses of their Pods, amounts, and what stays as it was first set. @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateNode */
import type { ConfigMapNodeConfigSource, Node, NodeConfigSource, Taint } from '../generated/core-v1.ts';
import { parseNetwork } from '../ip-network.ts';
import { named } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  required,
  unsupported,
  untilMany,
} from './field-error.ts';
import {
  configKeyProblem,
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  labelValueProblem,
  qualifiedNameProblem,
} from './names.ts';
import { validateResourceAmount } from './resource-quota.ts';

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Nodes come as they register: all but their name may be absent. */
export function validateNode(node: Node): FieldError[] {
  return [
    ...validateTaints(node.spec?.taints ?? []),
    ...validateAmounts(node),
    ...validatePodCidrs(node.spec?.podCIDRs ?? []),
  ];
}

/** An update of the node is free to say anything of the status: the status is taken from what is stored. */
export function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const [spec, before] = [node.spec ?? {}, old.spec ?? {}];
  const errors = [...validateNodeStatus(node), ...validateFixed(spec, before)];
  if (spec.configSource !== undefined)
    errors.push(...validateConfigSource(spec.configSource, 'spec.configSource', false));
  errors.push(...validateTaints(spec.taints ?? []));
  if ((spec.externalID ?? '') !== (before.externalID ?? ''))
    errors.push(forbidden('spec.externalID', 'may not be updated'));
  return errors;
}

export function validateNodeStatus(node: Node): FieldError[] {
  const { addresses = [], config = {} } = node.status ?? {};
  const errors = validateAmounts(node);
  const seen = new Set<string>();
  for (const [index, address] of untilMany(errors, addresses.entries())) {
    const key = `${address.type} ${address.address}`;
    if (seen.has(key)) errors.push(duplicate(`status.addresses[${index}]`, address));
    seen.add(key);
  }
  for (const part of ['assigned', 'active', 'lastKnownGood'] as const) {
    const source = config[part];
    if (source !== undefined) errors.push(...validateConfigSource(source, `status.config.${part}`, true));
  }
  return errors;
}

type NodeSpec = NonNullable<Node['spec']>;

function validateFixed(spec: NodeSpec, before: NodeSpec): FieldError[] {
  const [cidrs, oldCidrs] = [spec.podCIDRs ?? [], before.podCIDRs ?? []];
  const errors: FieldError[] = [];
  const moved =
    cidrs.length === oldCidrs.length
      ? oldCidrs.filter((cidr, index) => cidr !== cidrs[index])
      : oldCidrs.slice(0, 1);
  for (const _ of untilMany(errors, moved))
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  if (before.providerID && before.providerID !== spec.providerID)
    errors.push(
      forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'),
    );
  return errors;
}

/** The path is the one that upstream says, though taints are in the spec. */
function validateTaints(taints: readonly Taint[]): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(taints, (taint, index) => {
    const field = `metadata.taints[${index}]`;
    const { key, value = '', effect } = taint;
    const errors = [
      ...named(`${field}.key`, key, qualifiedNameProblem(key)),
      ...named(`${field}.value`, value, labelValueProblem(value)),
    ];
    if (!effect) errors.push(required(`${field}.effect`));
    else if (!TAINT_EFFECTS.includes(effect))
      errors.push(unsupported(`${field}.effect`, effect, TAINT_EFFECTS));
    const pair = `${effect} ${key}`;
    if (seen.has(pair)) errors.push(duplicate(field, taint, 'taints must be unique by key and effect pair'));
    seen.add(pair);
    return errors;
  });
}

function validateAmounts({ status }: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((part) =>
    errorsOfEach(Object.entries(status?.[part] ?? {}), ([name, amount]) =>
      validateResourceAmount(name, amount, `status.${part}.${name}`),
    ),
  );
}

function validatePodCidrs(cidrs: readonly string[]): FieldError[] {
  const field = 'spec.podCIDRs';
  const errors = errorsOfEach(cidrs, (cidr, index) =>
    named(
      `${field}[${index}]`,
      cidr,
      parseNetwork(cidr) ? undefined : 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ),
  );
  if (cidrs.length < 2) return errors;
  const families = new Set(cidrs.slice(0, 2).map((cidr) => parseNetwork(cidr)?.address.family));
  if (cidrs.length > 2 || families.size < 2 || families.has(undefined))
    errors.push(invalid(field, cidrs, 'may specify no more than one CIDR for each IP family'));
  const seen = new Set<string>();
  for (const [index, cidr] of untilMany(errors, cidrs.entries())) {
    if (seen.has(cidr)) errors.push(duplicate(`${field}[${index}]`, cidr));
    seen.add(cidr);
  }
  return errors;
}

/** Where a kubelet's configuration came from in versions long gone; a status tells which version of it, a spec does not. */
function validateConfigSource(source: NodeConfigSource, field: string, isStatus: boolean): FieldError[] {
  const { configMap } = source;
  if (configMap === undefined)
    return [invalid(field, source, 'exactly one reference subfield must be non-nil')];
  return validateConfigMapSource(configMap, `${field}.configMap`, isStatus);
}

function validateConfigMapSource(
  source: ConfigMapNodeConfigSource,
  field: string,
  isStatus: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const part of ['uid', 'resourceVersion'] as const) {
    const isSet = Boolean(source[part]);
    if (isStatus && !isSet) errors.push(required(`${field}.${part}`, `${part} must be set in status`));
    if (!isStatus && isSet) errors.push(forbidden(`${field}.${part}`, `${part} must not be set in spec`));
  }
  const rules = {
    namespace: dns1123LabelProblem,
    name: dns1123SubdomainProblem,
    kubeletConfigKey: configKeyProblem,
  };
  for (const [part, problemOf] of Object.entries(rules)) {
    const value = source[part as keyof typeof rules] ?? '';
    const path = `${field}.${part}`;
    errors.push(
      ...(value === '' ? [required(path, `${part} must be set`)] : named(path, value, problemOf(value))),
    );
  }
  return errors;
}
