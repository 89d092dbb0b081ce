/**
 * The shapes of names, labels and other identifiers, with upstream's explanations.
 *
 * Every check returns the reason why the value is wrong, or `undefined`.
 * @see k8s.io/apimachinery/pkg/util/validation/validation.go
 */
const DNS1123_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS1123_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_SEARCH = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;
const WILDCARD_DOMAIN = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const PORT_NAME_CHARACTERS = /^[-a-z0-9]+$/;

export const LABEL_MAX = 63;
export const SUBDOMAIN_MAX = 253;

const DNS1123_LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const DNS1123_SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const DNS_SEARCH_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const WILDCARD_DOMAIN_TEXT =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const DNS1035_LABEL_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED_NAME_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const CONFIG_KEY_TEXT = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";

function mustMatch(text: string, examples: readonly string[], pattern: RegExp): string {
  const source = pattern.source.replace(/^\^/, '').replace(/\$$/, '');
  const shown = examples.map((example) => `'${example}'`).join(',  or ');
  return `${text} (e.g. ${shown}, regex used for validation is '${source}')`;
}

function mustBeShorter(max: number): string {
  return `must be no more than ${max} characters`;
}

export function dns1123LabelProblem(value: string): string | undefined {
  if (value.length > LABEL_MAX) return mustBeShorter(LABEL_MAX);
  if (DNS1123_LABEL.test(value)) return undefined;
  return DNS1123_SUBDOMAIN.test(value)
    ? 'must not contain dots'
    : mustMatch(DNS1123_LABEL_TEXT, ['my-name', '123-abc'], DNS1123_LABEL);
}

export function dns1123SubdomainProblem(value: string): string | undefined {
  if (value.length > SUBDOMAIN_MAX) return mustBeShorter(SUBDOMAIN_MAX);
  return DNS1123_SUBDOMAIN.test(value)
    ? undefined
    : mustMatch(DNS1123_SUBDOMAIN_TEXT, ['example.com'], DNS1123_SUBDOMAIN);
}

/** A domain to search: its labels may have underscores, as those of services have. */
export function dnsSearchProblem(value: string): string | undefined {
  if (value.length > SUBDOMAIN_MAX) return mustBeShorter(SUBDOMAIN_MAX);
  return DNS_SEARCH.test(value) ? undefined : mustMatch(DNS_SEARCH_TEXT, ['example.com'], DNS_SEARCH);
}

/** `*.example.com`: every name one label longer. */
export function wildcardDomainProblem(value: string): string | undefined {
  if (value.length > SUBDOMAIN_MAX) return mustBeShorter(SUBDOMAIN_MAX);
  return WILDCARD_DOMAIN.test(value)
    ? undefined
    : mustMatch(WILDCARD_DOMAIN_TEXT, ['*.example.com'], WILDCARD_DOMAIN);
}

export function dns1035LabelProblem(value: string): string | undefined {
  if (value.length > LABEL_MAX) return mustBeShorter(LABEL_MAX);
  return DNS1035_LABEL.test(value)
    ? undefined
    : mustMatch(DNS1035_LABEL_TEXT, ['my-name', 'abc-123'], DNS1035_LABEL);
}

/** Names of RBAC objects and others that only need to fit into a path. */
export function pathSegmentProblem(value: string): string | undefined {
  if (value === '.' || value === '..') return `may not be '${value}'`;
  const illegal = ['/', '%'].find((character) => value.includes(character));
  return illegal === undefined ? undefined : `may not contain '${illegal}'`;
}

/** `name` or `prefix/name`: keys of labels and annotations, taints, resource names. */
export function qualifiedNameProblem(value: string): string | undefined {
  const parts = value.split('/');
  if (parts.length > 2) {
    return `a qualified name ${mustMatch(QUALIFIED_NAME_TEXT, ['MyName', 'my.name', '123-abc'], QUALIFIED_NAME)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  }
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    if (parts[0] === '') return 'prefix part must be non-empty';
    const problem = dns1123SubdomainProblem(parts[0]!);
    if (problem !== undefined) return `prefix part ${problem}`;
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > LABEL_MAX) return `name part ${mustBeShorter(LABEL_MAX)}`;
  return QUALIFIED_NAME.test(name)
    ? undefined
    : `name part ${mustMatch(QUALIFIED_NAME_TEXT, ['MyName', 'my.name', '123-abc'], QUALIFIED_NAME)}`;
}

export function labelValueProblem(value: string): string | undefined {
  if (value.length > LABEL_MAX) return mustBeShorter(LABEL_MAX);
  return LABEL_VALUE.test(value)
    ? undefined
    : mustMatch(LABEL_VALUE_TEXT, ['MyValue', 'my_value', '12345'], LABEL_VALUE);
}

/** Keys of ConfigMaps and Secrets: they become file names. */
export function configKeyProblem(value: string): string | undefined {
  if (value.length > SUBDOMAIN_MAX) return mustBeShorter(SUBDOMAIN_MAX);
  if (!CONFIG_KEY.test(value))
    return mustMatch(CONFIG_KEY_TEXT, ['key.name', 'KEY_NAME', 'key-name'], CONFIG_KEY);
  if (value === '.' || value === '..') return `must not be '${value}'`;
  return value.startsWith('..') ? "must not start with '..'" : undefined;
}

/** Names of environment variables: any printable ASCII but `=`. */
export function environmentNameProblem(value: string): string | undefined {
  if (value === '') return 'environment variable names must be non-empty';
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(value)
    ? undefined
    : "a valid environment variable name must consist only of printable ASCII characters other than '='";
}

/** Names of ports: at most 15 characters, with a letter. */
export function portNameProblem(value: string): string | undefined {
  if (value.length > 15) return 'must be no more than 15 characters';
  if (!PORT_NAME_CHARACTERS.test(value)) {
    return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
  }
  if (!/[a-z]/.test(value)) return 'must contain at least one letter (a-z)';
  if (value.includes('--')) return 'must not contain consecutive hyphens';
  return value.startsWith('-') || value.endsWith('-') ? 'must not begin or end with a hyphen' : undefined;
}

export function portNumberProblem(value: number): string | undefined {
  return Number.isInteger(value) && value >= 1 && value <= 65_535
    ? undefined
    : 'must be between 1 and 65535, inclusive';
}

/** Bytes of `text` in UTF-8, by which upstream counts. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    // Both halves of a pair are two bytes of four.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes;
}

/** Every name that a prefix is to become fits if this does: a dash at the end is not the end. @see NameIsDNSSubdomain */
export function maskTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
}

const C_IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function cIdentifierProblem(value: string): string | undefined {
  const text =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return C_IDENTIFIER.test(value)
    ? undefined
    : mustMatch(text, ['my_name', 'MY_NAME', 'MyName'], C_IDENTIFIER);
}
