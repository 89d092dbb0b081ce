/**
 * The selectors of a question about lists. What an authorizer cannot be asked is left out of the question, which then is the
 * broader one, and the answer says so.
 *
 * @see kubernetes/kubernetes pkg/registry/authorization/util/helpers.go ResourceAttributesFrom, BuildEvaluationError
 */
import type { ResourceAttributes } from '../../api/generated/authorization-v1.ts';
import type { FieldSelectorRequirement, LabelSelectorRequirement } from '../../api/generated/meta-v1.ts';
import { parseFieldSelector, parseLabelSelector } from '../../api/selectors.ts';
import { StatusError } from '../../base/status-error.ts';

interface AskedSelectors {
  fieldSelector?: string;
  /** What was left out. */
  ignored: string[];
}

const LABEL_OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

export function selectorsAsked({ fieldSelector, labelSelector }: ResourceAttributes): AskedSelectors {
  const ignored: string[] = [];
  const { requirements = [], rawSelector = '' } = fieldSelector ?? {};
  const known = requirements.filter(isKnown);
  const text =
    requirements.length > 0 ? known.map(toText).join(',') : parsable(rawSelector, parseFieldSelector);
  if (text === undefined || known.length < requirements.length)
    ignored.push(ignoredSelector('fieldSelector', known.length));
  const { requirements: ofLabels = [], rawSelector: rawLabels = '' } = labelSelector ?? {};
  const knownLabels = ofLabels.filter(isKnownOfLabels);
  if (parsable(rawLabels, parseLabelSelector) === undefined || knownLabels.length < ofLabels.length)
    ignored.push(ignoredSelector('labelSelector', knownLabels.length));
  return { ...(text ? { fieldSelector: text } : {}), ignored };
}

function isKnown({ operator, values = [] }: FieldSelectorRequirement): boolean {
  return (operator === 'In' || operator === 'NotIn') && values.length === 1;
}

function isKnownOfLabels({ operator }: LabelSelectorRequirement): boolean {
  return LABEL_OPERATORS.includes(operator);
}

function toText({ key, operator, values = [] }: FieldSelectorRequirement): string {
  return `${key}${operator === 'In' ? '=' : '!='}${values[0]!.replace(/[\\,=]/g, '\\$&')}`;
}

function parsable(text: string, parse: (text: string) => unknown): string | undefined {
  try {
    parse(text);
    return text;
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

function ignoredSelector(name: string, knownCount: number): string {
  const how = knownCount > 0 ? 'partially ignored' : 'ignored';
  return `spec.resourceAttributes.${name} ${how} due to parse error`;
}
