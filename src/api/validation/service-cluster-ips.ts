/**
 * Validation of the addresses of Services and of their families: one or two, of different families, fixed once set.
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateServiceClusterIPsRelatedFields,
 *   validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies
 */
import type { ServiceSpec } from '../generated/core-v1.ts';
import { parseIp } from '../ip-address.ts';
import { oneOf } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid } from './field-error.ts';
import { validateIp } from './ip-fields.ts';
import { requiredOneOf } from './required-one-of.ts';

const FIELD = 'spec.clusterIPs';
const FIXED = 'may not change once set';
const FAMILIES = ['IPv4', 'IPv6'] as const;
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** The list, of which `clusterIP` is the first; clients may send either. */
export function clusterIpsOfSpec({ clusterIP, clusterIPs = [] }: ServiceSpec): readonly string[] {
  return clusterIPs.length === 0 && clusterIP ? [clusterIP] : clusterIPs;
}

export function isHeadless(spec: ServiceSpec): boolean {
  const ips = clusterIpsOfSpec(spec);
  return ips.length === 1 && ips[0] === 'None';
}

/** @param kept  addresses that are there already */
export function validateClusterIps(spec: ServiceSpec, kept: ReadonlySet<string>): FieldError[] {
  const ips = clusterIpsOfSpec(spec);
  const { clusterIP, ipFamilies = [], ipFamilyPolicy } = spec;
  const errors: FieldError[] = [];
  if (!clusterIP && ips.length > 0)
    errors.push(invalid(FIELD, ips, 'must be empty when `clusterIP` is not specified'));
  if (clusterIP && ips[0] !== clusterIP)
    errors.push(invalid(FIELD, ips, 'first value must match `clusterIP`'));
  errors.push(...validateFamilies(ipFamilies), ...oneOf('spec.ipFamilyPolicy', ipFamilyPolicy, POLICIES));
  const wrong = validateEachIp(ips, kept);
  errors.push(...wrong);
  if (ips.length > 2) errors.push(invalid(FIELD, ips, 'may only hold up to 2 values'));
  return wrong.length > 0 ? errors : [...errors, ...validateFamiliesOfIps(ips, ipFamilies)];
}

function validateFamilies(families: readonly string[]): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(families, (family, index) => {
    const field = `spec.ipFamilies[${index}]`;
    const errors = requiredOneOf(field, family, FAMILIES);
    if (seen.has(family)) errors.push(duplicate(field, family));
    seen.add(family);
    return errors;
  });
}

function validateEachIp(ips: readonly string[], kept: ReadonlySet<string>): FieldError[] {
  if (ips[0] === 'None' && ips.length > 1)
    return [invalid(FIELD, ips, "'None' must be the first and only value")];
  return errorsOfEach(ips, (ip, index) =>
    index === 0 && ip === 'None' ? [] : validateIp(`${FIELD}[${index}]`, ip, kept),
  );
}

function validateFamiliesOfIps(ips: readonly string[], families: readonly string[]): FieldError[] {
  const found = ips.map((ip) => parseIp(ip)?.family);
  const errors: FieldError[] = [];
  if (ips.length > 1 && (ips.length > 2 || found[0] === found[1]))
    errors.push(invalid(FIELD, ips, 'may specify no more than one IP for each IP family'));
  for (const [index, ip] of ips.slice(0, families.length).entries()) {
    const family = families[index]!;
    const isOther = found[index] !== undefined && `IPv${found[index]}` !== family;
    if (isOther && FAMILIES.includes(family as (typeof FAMILIES)[number])) {
      const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
      errors.push(invalid(`${FIELD}[${index}]`, ip, detail));
    }
  }
  return errors;
}

/** What of the addresses of `old`, which is no ExternalName, may change: a second one may come and go. */
export function validateClusterIpsUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const headless = isHeadless(spec);
  const wasHeadless = isHeadless(old);
  const errors = headless && wasHeadless ? [] : validateIpsUpdate(spec, old);
  return headless || wasHeadless ? errors : [...errors, ...validateFamiliesUpdate(spec, old)];
}

function validateIpsUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const [now, before] = [clusterIpsOfSpec(spec), clusterIpsOfSpec(old)];
  if (before.length > 0 && now.length === 0)
    return [invalid(`${FIELD}[0]`, undefined, 'primary clusterIP can not be unset')];
  const checked = now.length === before.length ? before.length : Math.min(before.length, 1);
  const errors = errorsOfEach(before.slice(0, checked), (ip, index) =>
    ip === now[index] ? [] : [invalid(`${FIELD}[${index}]`, now, FIXED)],
  );
  if (now.length === 1 && before.length > 1) errors.push(...validateRelease(spec, 'clusterIP'));
  return errors;
}

function validateFamiliesUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const before = old.ipFamilies ?? [];
  const now = spec.ipFamilies ?? before;
  const checked = now.length === before.length ? before.length : Math.min(before.length, now.length, 1);
  const errors = errorsOfEach(before.slice(0, checked), (family, index) =>
    family === now[index] ? [] : [invalid('spec.ipFamilies[0]', now, FIXED)],
  );
  if (now.length === 1 && before.length > 1) errors.push(...validateRelease(spec, 'ipFamily'));
  return errors;
}

function validateRelease({ ipFamilyPolicy }: ServiceSpec, what: string): FieldError[] {
  if (ipFamilyPolicy === 'SingleStack') return [];
  const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, detail)];
}
