/** @see k8s.io/kubernetes/pkg/apis/authentication/validation/validation.go */
import type { TokenRequest } from '../generated/authentication-v1.ts';
import { type FieldError, invalid } from './field-error.ts';

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

/** Of a request that has its defaults. */
export function validateTokenRequest({ spec }: Pick<TokenRequest, 'spec'>): FieldError[] {
  const { expirationSeconds = 0 } = spec;
  const field = 'spec.expirationSeconds';
  if (expirationSeconds < MIN_SECONDS)
    return [invalid(field, expirationSeconds, 'may not specify a duration less than 10 minutes')];
  if (expirationSeconds > MAX_SECONDS)
    return [invalid(field, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

/** What is wrong with the name that a request gives itself: it is the account's. */
export function validateTokenName(
  metadata: { name?: string; namespace?: string },
  account: { name: string; namespace: string },
): FieldError[] {
  for (const part of ['name', 'namespace'] as const) {
    const value = metadata[part];
    if (value && value !== account[part]) {
      const why = `must match the service account ${part} if specified`;
      return [invalid(`metadata.${part}`, value, why)];
    }
  }
  return [];
}
