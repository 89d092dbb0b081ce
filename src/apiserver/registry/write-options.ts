/** The query parameters of writes. @see metav1.CreateOptions, UpdateOptions, PatchOptions */
import type { FieldValidation } from '../../api/validation/structural.ts';
import { newBadRequest } from '../errors.ts';

export interface WriteOptions {
  dryRun: boolean;
  fieldValidation: FieldValidation;
}

const FIELD_VALIDATIONS: readonly string[] = ['Ignore', 'Warn', 'Strict'];

export function parseWriteOptions(query: URLSearchParams): WriteOptions {
  return { dryRun: parseDryRun(query.getAll('dryRun')), fieldValidation: parseFieldValidation(query) };
}

/** @param directives  of the query or of a DeleteOptions body */
export function parseDryRun(directives: readonly string[]): boolean {
  for (const directive of directives) {
    if (directive !== 'All') {
      throw newBadRequest(`invalid dryRun value ${JSON.stringify(directive)}: supported values: "All"`);
    }
  }
  return directives.length > 0;
}

function parseFieldValidation(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation') ?? '';
  if (value === '') return 'Warn';
  if (!FIELD_VALIDATIONS.includes(value)) {
    throw newBadRequest(
      `invalid fieldValidation value ${JSON.stringify(value)}: supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  return value as FieldValidation;
}
