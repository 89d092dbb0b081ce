/** Validation of what devices, their pools, attributes and shares are called. @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go */

import { validateCsiDriverName } from './csi-driver-name.ts';
import { named } from './field-checks.ts';
import { errorsOfEach, type FieldError, invalid, required, tooLong } from './field-error.ts';
import {
  cIdentifierProblem,
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  LABEL_MAX,
  qualifiedNameProblem,
  SUBDOMAIN_MAX,
  utf8Length,
} from './names.ts';

const IDENTIFIER_MAX = 32;
/** `domain/name`. */
export const ATTRIBUTE_NAME_MAX = LABEL_MAX + 1 + IDENTIFIER_MAX;

export function validateLabel(name = '', field: string): FieldError[] {
  return named(field, name, dns1123LabelProblem(name));
}

/** As keys of labels are. */
export function validateLabelKey(name = '', field: string): FieldError[] {
  return named(field, name, qualifiedNameProblem(name));
}

/** One or more subdomains: `node-1/gpus`. */
export function validatePoolName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  return [
    ...(name.length > SUBDOMAIN_MAX ? [tooLong(field, SUBDOMAIN_MAX)] : []),
    ...errorsOfEach(name.split('/'), (part) => named(field, part, dns1123SubdomainProblem(part))),
  ];
}

/** `name`, of the driver's own domain, or `domain/name`. */
export function validateAttributeName(name: string, field: string): FieldError[] {
  const slash = name.indexOf('/');
  if (slash < 0) return validateIdentifier(name, field);
  if (name.includes('/', slash + 1)) return [invalid(field, name, 'must not contain more than one slash')];
  const [domain, identifier] = [name.slice(0, slash), name.slice(slash + 1)];
  return [
    ...(domain === ''
      ? [invalid(field, '', 'the domain must not be empty')]
      : validateCsiDriverName(domain, field)),
    ...(identifier === ''
      ? [invalid(field, '', 'the name must not be empty')]
      : validateIdentifier(identifier, field)),
  ];
}

export function validateFullAttributeName(name: string, field: string): FieldError[] {
  const errors = validateAttributeName(name, field);
  const why = 'a fully qualified name must be a domain and a name separated by a slash';
  return name.includes('/') ? errors : [...errors, invalid(field, name, why)];
}

function validateIdentifier(identifier: string, field: string): FieldError[] {
  const errors = utf8Length(identifier) > IDENTIFIER_MAX ? [tooLong(field, IDENTIFIER_MAX)] : [];
  return [...errors, ...named(field, identifier, cIdentifierProblem(identifier))];
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const NOT_NORMAL =
  'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';

export function validateUuid(uuid: string, field: string): FieldError[] {
  const problem = uuidProblem(uuid);
  if (problem !== undefined) return [invalid(field, uuid, `error validating uid: ${problem}`)];
  const isNormal = uuid.length === 36 && uuid === uuid.toLowerCase();
  return isNormal ? [] : [invalid(field, uuid, NOT_NORMAL)];
}

/** Of every form that there is. @see github.com/google/uuid Validate */
function uuidProblem(text: string): string | undefined {
  const malformed = 'invalid UUID format';
  switch (utf8Length(text)) {
    case 32:
      return /^[\da-f]{32}$/i.test(text) ? undefined : malformed;
    case 36:
      return UUID.test(text) ? undefined : malformed;
    case 38:
      if (!text.startsWith('{') || !text.endsWith('}')) return 'invalid bracketed UUID format';
      return UUID.test(text.slice(1, -1)) ? undefined : malformed;
    case 45: {
      const prefix = text.slice(0, 9);
      if (prefix.toLowerCase() !== 'urn:uuid:') return `invalid urn prefix: ${JSON.stringify(prefix)}`;
      return UUID.test(text.slice(9)) ? undefined : malformed;
    }
    default:
      return `invalid UUID length: ${utf8Length(text)}`;
  }
}
