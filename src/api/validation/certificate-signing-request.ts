/**
 * The rules of CertificateSigningRequests. Whether the request's signature is good is admission's to say: that takes
 * cryptography.
 *
 * @see kubernetes/kubernetes pkg/apis/certificates/validation/validation.go
 */

import { fromBase64 } from '../../base/base64.ts';
import { certificateBundleProblem } from '../certificates/certificate-bundle.ts';
import { parseCertificateRequest } from '../certificates/certificate-request.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../generated/certificates-v1.ts';
import { equalJson } from '../json.ts';
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
const CONDITIONS = 'status.conditions';
const CERTIFICATE = 'status.certificate';

/** The text behind `spec.request`. @throws DOMException for what is no base64 */
export function requestText({ spec }: CertificateSigningRequest): string {
  return textOf(spec.request);
}

export function validateCertificateSigningRequest(csr: CertificateSigningRequest): FieldError[] {
  const { usages = [], signerName, expirationSeconds } = csr.spec;
  const errors = requestErrors(csr);
  if (usages.length === 0) errors.push(required('spec.usages'));
  for (const [index, usage] of untilMany(errors, usages.entries()))
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, USAGES));
  const seen = new Set<string>();
  for (const [index, usage] of untilMany(errors, usages.entries())) {
    if (seen.has(usage)) errors.push(duplicate(`spec.usages[${index}]`, usage));
    seen.add(usage);
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

type Conditions = readonly CertificateSigningRequestCondition[];

/** @param before  what was wrong with the conditions there, and may stay */
function conditionErrors(conditions: Conditions, before: Conditions = []): FieldError[] {
  const errors: FieldError[] = [];
  const had = new Set(before.map(({ type }) => type));
  const mayRepeat = had.size < before.length;
  const mayContradict = had.has('Approved') && had.has('Denied');
  const seen = new Set<string>();
  for (const [index, { type, status }] of untilMany(errors, conditions.entries())) {
    const field = `status.conditions[${index}]`;
    if (!type && !had.has(type)) errors.push(required(`${field}.type`));
    const allowed = TRUE_ONLY.has(type) ? ['True'] : STATUSES;
    if (!status) errors.push(required(`${field}.status`));
    else if (!allowed.includes(status)) errors.push(notSupported(`${field}.status`, status, allowed));
    const other = { Approved: 'Denied', Denied: 'Approved' }[type];
    if (other !== undefined && !mayContradict && seen.has(other))
      errors.push(invalid(`${field}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
    if (!mayRepeat && seen.has(type)) errors.push(duplicate(`${field}.type`, type));
    seen.add(type);
  }
  return errors;
}

/** What `approval` and `status` may each do: the one decides, the other issues, and neither takes anything back. */
export function validateCertificateDecision(
  subresource: string,
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] {
  return [
    ...conditionErrors(csr.status?.conditions ?? [], old.status?.conditions),
    ...contentErrors(csr, old),
    ...removalErrors(csr, old),
    ...(subresource === 'approval' ? [] : decisionErrors(csr, old)),
    ...issueErrors(subresource, csr, old),
  ];
}

function removalErrors(csr: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  return [...TRUE_ONLY]
    .filter((type) => instancesOf(csr, type).length < instancesOf(old, type).length)
    .map((type) =>
      forbidden(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`),
    );
}

function decisionErrors(csr: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  return ['Approved', 'Denied'].flatMap((type) => {
    const [now, before] = [instancesOf(csr, type), instancesOf(old, type)];
    if (now.length < before.length || equalJson(now, before)) return [];
    const verb = now.length > before.length ? 'add' : 'modify';
    return [forbidden(CONDITIONS, `updates may not ${verb} a condition of type ${JSON.stringify(type)}`)];
  });
}

/** What is no certificate may stay, and be replaced by what is none either. */
function contentErrors(csr: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  if (certificateOf(csr) === certificateOf(old)) return [];
  const problem = certificateBundleProblem(textOf(certificateOf(csr)));
  if (problem === undefined || certificateBundleProblem(textOf(certificateOf(old))) !== undefined) return [];
  return [invalid(CERTIFICATE, '<certificate data>', problem)];
}

function issueErrors(
  subresource: string,
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] {
  if (certificateOf(csr) === certificateOf(old)) return [];
  if (subresource === 'approval') return [forbidden(CERTIFICATE, 'updates may not set certificate content')];
  if (certificateOf(old) === '') return [];
  return [forbidden(CERTIFICATE, 'updates may not modify existing certificate content')];
}

function certificateOf({ status }: CertificateSigningRequest): string {
  return status?.certificate ?? '';
}

function textOf(base64: string): string {
  return Array.from(fromBase64(base64), (byte) => String.fromCharCode(byte)).join('');
}

function instancesOf({ status }: CertificateSigningRequest, wanted: string): Conditions {
  return (status?.conditions ?? []).filter(({ type }) => type === wanted);
}
