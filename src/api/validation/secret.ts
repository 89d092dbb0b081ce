/** Validation of Secrets, and of what their types promise. @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateSecret */

import { fromBase64 } from '../../base/base64.ts';
import { ownValue } from '../../base/own-value.ts';
import type { Secret } from '../generated/core-v1.ts';
import { validateImmutableData, validateSecretData } from './config-data.ts';
import { type FieldError, invalid, required } from './field-error.ts';

type Data = Readonly<Record<string, string>>;

const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const REDACTED = '<secret contents redacted>';

/** What the data of a type must hold. */
const PROMISES: Readonly<Record<string, (data: Data) => FieldError[]>> = {
  'kubernetes.io/dockercfg': (data) => validateJson(data, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': (data) => validateJson(data, '.dockerconfigjson'),
  'kubernetes.io/basic-auth': (data) => {
    const missing = ['username', 'password'].filter((key) => !Object.hasOwn(data, key));
    return missing.length === 2 ? missing.map((key) => required(`data[${key}]`)) : [];
  },
  'kubernetes.io/ssh-auth': (data) => (data['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')]),
  'kubernetes.io/tls': (data) =>
    ['tls.crt', 'tls.key'].filter((key) => !Object.hasOwn(data, key)).map((key) => required(`data[${key}]`)),
};

export function validateSecret({ data = {}, type = '', metadata }: Secret): FieldError[] {
  const errors = validateSecretData(data);
  // Its controller adds the rest.
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[ACCOUNT_NAME])
    errors.push(required(`metadata.annotations[${ACCOUNT_NAME}]`));
  const promise = ownValue(PROMISES, type);
  return promise === undefined ? errors : [...errors, ...promise(data)];
}

export function validateSecretUpdate(secret: Secret, old: Secret): FieldError[] {
  const { type } = secret;
  const changed = type === old.type ? [] : [invalid('type', type, 'field is immutable')];
  return [...changed, ...validateImmutableData(secret, old), ...validateSecret(secret)];
}

function validateJson(data: Data, key: string): FieldError[] {
  const field = `data[${key}]`;
  if (!Object.hasOwn(data, key)) return [required(field)];
  const problem = jsonProblem(new TextDecoder().decode(fromBase64(data[key]!)));
  return problem === undefined ? [] : [invalid(field, REDACTED, problem)];
}

/** Why `text` is no JSON object, in the words of Go's parser, and nothing of what it holds. @see encoding/json scanner.go */
function jsonProblem(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return syntaxProblem(text, (error as Error).message);
  }
  if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined;
  const word = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return `json: cannot unmarshal ${word} into Go value of type map[string]interface {}`;
}

/** @param message  the engine's, which says where, and may show what is there */
function syntaxProblem(text: string, message: string): string {
  const [first] = text.trimStart();
  const position = Number(/at position (\d+)/.exec(message)?.[1]);
  const isCutOff = position === text.length || /^Unexpected end|^Unterminated/.test(message);
  if (first === undefined || isCutOff) return 'unexpected end of JSON input';
  if (/^[[{"\-0-9tfn]/.test(first)) return 'invalid character in JSON';
  return `invalid character '${first}' looking for beginning of value`;
}
