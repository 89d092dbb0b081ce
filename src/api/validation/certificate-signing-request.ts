/**
 * The rules of CertificateSigningRequests. Whether the request's signature is good is admission's to say: that takes
 * cryptography.
 *
 * @see kubernetes/kubernetes pkg/apis/certificates/validation/validation.go
 */

import { fromBase64 } from '../../base/base64.ts';
import { parseCertificateRequest } from '../certificates/certificate-request.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../generated/certificates-v1.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  untilMany,
} from './field-error.ts';
import { validateSignerName } from './signer-name.ts';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const EXPIRATION_MIN_SECONDS = 600;
/** Conditions that say yes or are not there. */
const TRUE_ONLY: ReadonlySet<string> = new Set(['Approved', 'Denied', 'Failed']);
const STATUSES = ['True', 'False', 'Unknown'];

/** The text behind `spec.request`. @throws DOMException for what is no base64 */
export function requestText({ spec }: CertificateSigningRequest): string {
  return Array.from(fromBase64(spec.request), (byte) => String.fromCharCode(byte)).join('');
}

export function validateCertificateSigningRequest(csr: CertificateSigningRequest): FieldError[] {
  const { usages = [], signerName, expirationSeconds } = csr.spec;
  const errors = requestErrors(csr);
  if (usages.length === 0) errors.push(required('spec.usages'));
  for (const [index, usage] of untilMany(errors, usages.entries())) {
    const field = `spec.usages[${index}]`;
    if (!USAGES.includes(usage)) errors.push(notSupported(field, usage, USAGES));
    if (usages.indexOf(usage) < index) errors.push(duplicate(field, usage));
  }
  errors.push(...signerNameErrors(signerName));
  if (expirationSeconds !== undefined && expirationSeconds < EXPIRATION_MIN_SECONDS) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid('spec.expirationSeconds', expirationSeconds, why));
  }
  return [...errors, ...conditionErrors(csr.status?.conditions ?? [])];
}

function requestErrors(csr: CertificateSigningRequest): FieldError[] {
  try {
    parseCertificateRequest(requestText(csr));
    return [];
  } catch (error) {
    return [invalid('spec.request', csr.spec.request, (error as Error).message)];
  }
}

function signerNameErrors(name: string): FieldError[] {
  const field = 'spec.signerName';
  if (name === LEGACY_SIGNER)
    return [invalid(field, name, 'the legacy signerName is not allowed via this API version')];
  return validateSignerName(name, field);
}

function conditionErrors(conditions: readonly CertificateSigningRequestCondition[]): FieldError[] {
  const errors: FieldError[] = [];
  const before = new Set<string>();
  for (const [index, { type, status }] of untilMany(errors, conditions.entries())) {
    const field = `status.conditions[${index}]`;
    if (!type) errors.push(required(`${field}.type`));
    const allowed = TRUE_ONLY.has(type) ? ['True'] : STATUSES;
    if (!status) errors.push(required(`${field}.status`));
    else if (!allowed.includes(status)) errors.push(notSupported(`${field}.status`, status, allowed));
    const other = { Approved: 'Denied', Denied: 'Approved' }[type];
    if (other !== undefined && before.has(other))
      errors.push(invalid(`${field}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
    if (type && before.has(type)) errors.push(duplicate(`${field}.type`, type));
    before.add(type);
  }
  return errors;
}

/** What `approval` and `status` may each do: the one decides, the other issues, and neither takes anything back. */
export function validateCertificateDecision(
  subresource: string,
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] {
  const conditions = 'status.conditions';
  const errors = conditionErrors(csr.status?.conditions ?? []);
  for (const type of TRUE_ONLY) {
    const [now, before] = [instancesOf(csr, type), instancesOf(old, type)];
    const text = JSON.stringify(type);
    if (now.length < before.length)
      errors.push(forbidden(conditions, `updates may not remove a condition of type ${text}`));
    if (subresource === 'approval' || type === 'Failed') continue;
    if (now.length > before.length)
      errors.push(forbidden(conditions, `updates may not add a condition of type ${text}`));
    else if (now.length === before.length && JSON.stringify(now) !== JSON.stringify(before))
      errors.push(forbidden(conditions, `updates may not modify a condition of type ${text}`));
  }
  return [...errors, ...certificateErrors(subresource, csr, old)];
}

function certificateErrors(
  subresource: string,
  { status: now }: CertificateSigningRequest,
  { status: before }: CertificateSigningRequest,
): FieldError[] {
  if ((now?.certificate ?? '') === (before?.certificate ?? '')) return [];
  const field = 'status.certificate';
  if (subresource === 'approval') return [forbidden(field, 'updates may not set certificate content')];
  if (before?.certificate) return [forbidden(field, 'updates may not modify existing certificate content')];
  const text = textOf(now?.certificate ?? '');
  if (/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/.test(text)) return [];
  return [invalid(field, '<certificate data>', 'must contain at least one CERTIFICATE PEM block')];
}

function textOf(base64: string): string {
  try {
    return Array.from(fromBase64(base64), (byte) => String.fromCharCode(byte)).join('');
  } catch {
    return '';
  }
}

function instancesOf(
  { status }: CertificateSigningRequest,
  wanted: string,
): CertificateSigningRequestCondition[] {
  return (status?.conditions ?? []).filter(({ type }) => type === wanted);
}
