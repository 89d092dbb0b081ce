/**
 * Label and field selectors: parsed once, then a predicate.
 *
 * Label selectors come as text (`app=web,tier in (a,b),!debug`) or as the API's `LabelSelector` object.
 * @see k8s.io/apimachinery/pkg/labels/selector.go, pkg/fields/selector.go
 */
import { StatusError } from '../base/status-error.ts';
import type { LabelSelector } from './generated/meta-v1.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelMatcher = (labels: Labels | undefined) => boolean;

export type LabelRequirement =
  | { key: string; operator: 'in' | 'notin'; values: readonly string[] }
  | { key: string; operator: 'exists' | '!' }
  | { key: string; operator: 'gt' | 'lt'; value: number };

const NO_LABELS: Labels = {};

/** A predicate that is true when every requirement holds; no requirements match everything. */
export function toLabelMatcher(requirements: readonly LabelRequirement[]): LabelMatcher {
  return (labels = NO_LABELS) => {
    for (const requirement of requirements) if (!meets(requirement, labels)) return false;
    return true;
  };
}

/** A `!=` or `notin` requirement also holds where the label is absent. */
function meets(requirement: LabelRequirement, labels: Labels): boolean {
  const value = labels[requirement.key];
  switch (requirement.operator) {
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case 'notin':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
      return value !== undefined && Number.parseInt(value, 10) > requirement.value;
    case 'lt':
      return value !== undefined && Number.parseInt(value, 10) < requirement.value;
  }
}

/** The API's selector object as requirements. An empty object selects everything; `undefined` selects nothing. */
export function selectorRequirements(selector: LabelSelector): LabelRequirement[] {
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: 'in', values: [value] });
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    requirements.push(expressionRequirement(key, operator, values ?? []));
  }
  return requirements;
}

function expressionRequirement(key: string, operator: string, values: readonly string[]): LabelRequirement {
  switch (operator) {
    case 'In':
      return { key, operator: 'in', values };
    case 'NotIn':
      return { key, operator: 'notin', values };
    case 'Exists':
      return { key, operator: 'exists' };
    case 'DoesNotExist':
      return { key, operator: '!' };
    default:
      throw new StatusError('BadRequest', `"${operator}" is not a valid label selector operator`);
  }
}

/** Matches what `selector` selects; `undefined` (a nil selector) matches nothing. */
export function newSelectorMatcher(selector: LabelSelector | undefined): LabelMatcher {
  return selector === undefined ? () => false : toLabelMatcher(selectorRequirements(selector));
}

/** Matches objects that carry all of `matchLabels`; an empty or absent map matches nothing (Services select so). */
export function newEqualityMatcher(matchLabels: Labels | undefined): LabelMatcher {
  const entries = Object.entries(matchLabels ?? {});
  if (entries.length === 0) return () => false;
  return (labels = NO_LABELS) => entries.every(([key, value]) => labels[key] === value);
}

/** The canonical text of a selector, as kubectl and status fields show it; `<none>` for an empty one. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  if (selector === undefined) return '<none>';
  const parts = selectorRequirements(selector).map(formatRequirement);
  return parts.length === 0 ? '<none>' : parts.join(',');
}

export function formatRequirement(requirement: LabelRequirement): string {
  const { key } = requirement;
  switch (requirement.operator) {
    case 'in':
      return requirement.values.length === 1
        ? `${key}=${requirement.values[0]}`
        : `${key} in (${[...requirement.values].sort().join(',')})`;
    case 'notin':
      return `${key} notin (${[...requirement.values].sort().join(',')})`;
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'gt':
      return `${key}>${requirement.value}`;
    case 'lt':
      return `${key}<${requirement.value}`;
  }
}

const TOKEN = /\s*(?:(!=|==|=|!|>|<|\(|\)|,)|([^\s!=<>(),]+))/y;

/** Parses the text form. @throws StatusError BadRequest, with the place */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  let position = 0;
  const peek = () => tokens[position];
  const take = () => tokens[position++];

  const takeName = (what: string): string => {
    const token = take();
    if (token === undefined || /^[!=<>(),]/.test(token))
      throw unparsable(text, `found '${token ?? ''}', expected: ${what}`);
    return token;
  };
  const takeValues = (): string[] => {
    if (take() !== '(') throw unparsable(text, "expected: '('");
    const values: string[] = [];
    for (;;) {
      if (peek() === ')' || peek() === ',') values.push('');
      else values.push(takeName('value'));
      const next = take();
      if (next === ')') return values;
      if (next !== ',') throw unparsable(text, `found '${next ?? ''}', expected: ',' or ')'`);
    }
  };
  const takeRequirement = (): LabelRequirement => {
    if (peek() === '!') {
      take();
      return { key: takeName('identifier'), operator: '!' };
    }
    const key = takeName('identifier');
    const operator = peek();
    if (operator === undefined || operator === ',') return { key, operator: 'exists' };
    take();
    if (operator === 'in' || operator === 'notin') return { key, operator, values: takeValues() };
    if (operator === '=' || operator === '==' || operator === '!=') {
      const value = peek() === undefined || peek() === ',' ? '' : takeName('value');
      return { key, operator: operator === '!=' ? 'notin' : 'in', values: [value] };
    }
    if (operator === '>' || operator === '<') {
      const value = Number(takeName('value'));
      if (!Number.isInteger(value))
        throw unparsable(text, `for 'Gt', 'Lt' operators, the value must be an integer`);
      return { key, operator: operator === '>' ? 'gt' : 'lt', value };
    }
    throw unparsable(text, `found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  };

  while (position < tokens.length) {
    requirements.push(takeRequirement());
    const next = take();
    if (next !== undefined && next !== ',')
      throw unparsable(text, `found '${next}', expected: ',' or 'end of string'`);
    if (next === ',' && position === tokens.length)
      throw unparsable(text, "found '', expected: identifier after ','");
  }
  return requirements;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (match === null) throw unparsable(text, 'unexpected character');
    tokens.push(match[1] ?? match[2]!);
  }
  return tokens;
}

function unparsable(text: string, reason: string): StatusError {
  return new StatusError('BadRequest', `unable to parse requirement in "${text}": ${reason}`);
}

export interface FieldRequirement {
  field: string;
  equal: boolean;
  value: string;
}

/** Parses `metadata.name=x,status.phase!=Running`; `\,`, `\=` and `\\` are escapes. @throws StatusError BadRequest */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const requirements: FieldRequirement[] = [];
  for (const term of text.split(/(?<!\\),/)) {
    if (term === '') continue;
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) {
      throw new StatusError('BadRequest', `invalid selector: '${text}'; can't understand '${term}'`);
    }
    const value = match[3]!.replace(/\\([\\,=])/g, '$1');
    requirements.push({ field: match[1]!, equal: match[2] !== '!=', value });
  }
  return requirements;
}
