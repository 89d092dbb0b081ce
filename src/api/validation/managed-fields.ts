/** Validation of who is said to own which fields. @see k8s.io/apimachinery/pkg/apis/meta/v1/validation ValidateManagedFields */
import type { ManagedFieldsEntry } from '../generated/meta-v1.ts';
import { errorsOfEach, type FieldError, invalid, tooLong } from './field-error.ts';
import { utf8Length } from './names.ts';

const MANAGER_MAX_BYTES = 128;
const SUBRESOURCE_MAX_BYTES = 256;
/** As Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the space. */
const NOT_PRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

export function validateManagedFields(entries: readonly ManagedFieldsEntry[]): FieldError[] {
  return errorsOfEach(
    entries,
    ({ operation = '', fieldsType = '', manager = '', subresource = '' }, index) => {
      const field = `metadata.managedFields[${index}]`;
      const errors: FieldError[] = [];
      if (operation !== 'Apply' && operation !== 'Update')
        errors.push(invalid(`${field}.operation`, operation, 'must be `Apply` or `Update`'));
      if (fieldsType !== '' && fieldsType !== 'FieldsV1')
        errors.push(invalid(`${field}.fieldsType`, fieldsType, 'must be `FieldsV1`'));
      errors.push(...validateManager(manager, `${field}.manager`));
      if (utf8Length(subresource) > SUBRESOURCE_MAX_BYTES)
        errors.push(tooLong(`${field}.subresource`, SUBRESOURCE_MAX_BYTES));
      return errors;
    },
  );
}

function validateManager(manager: string, field: string): FieldError[] {
  const errors = utf8Length(manager) > MANAGER_MAX_BYTES ? [tooLong(field, MANAGER_MAX_BYTES)] : [];
  const illegal = NOT_PRINTABLE.exec(manager);
  if (illegal === null) return errors;
  const code = illegal[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  const position = utf8Length(manager.slice(0, illegal.index));
  return [...errors, invalid(field, manager, `invalid character U+${code} (at position ${position})`)];
}
