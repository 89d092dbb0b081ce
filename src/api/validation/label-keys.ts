/**
 * Validation of `matchLabelKeys` and `mismatchLabelKeys`: labels whose values on the Pod itself narrow a selector.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateMatchLabelKeysAndMismatchLabelKeys
 */
import type { LabelSelector } from '../generated/meta-v1.ts';
import { named } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid } from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';

interface KeyedSelector {
  labelSelector?: LabelSelector | undefined;
  matchLabelKeys?: readonly string[] | undefined;
  mismatchLabelKeys?: readonly string[] | undefined;
}

/** @param field  of the term or constraint that has the selector */
export function validateLabelKeys(
  { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: KeyedSelector,
  field: string,
): FieldError[] {
  if (matchLabelKeys.length === 0 && mismatchLabelKeys.length === 0) return [];
  const excluded = new Set(mismatchLabelKeys);
  return [
    ...validateKeys(matchLabelKeys, labelSelector, `${field}.matchLabelKeys`),
    ...validateKeys(mismatchLabelKeys, labelSelector, `${field}.mismatchLabelKeys`),
    ...validateSelectedOnce(matchLabelKeys, labelSelector, field),
    ...errorsOfEach(matchLabelKeys, (key, i) =>
      excluded.has(key)
        ? [
            invalid(
              `${field}.matchLabelKeys[${i}]`,
              key,
              'exists in both matchLabelKeys and mismatchLabelKeys',
            ),
          ]
        : [],
    ),
  ];
}

function validateKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  if (keys.length === 0) return [];
  if (selector === undefined)
    return [forbidden(field, 'must not be specified when labelSelector is not set')];
  return errorsOfEach(keys, (key, i) => named(`${field}[${i}]`, key, qualifiedNameProblem(key)));
}

/** The server adds an expression for each key of a new Pod to the selector: a key that is there twice was there before. */
function validateSelectedOnce(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  const positions = new Map(keys.map((key, i) => [key, i]));
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  return errorsOfEach(selector?.matchExpressions ?? [], ({ key }) => {
    const position = seen.has(key) ? positions.get(key) : undefined;
    seen.add(key);
    if (position === undefined) return [];
    return [invalid(`${field}[${position}]`, key, 'exists in both matchLabelKeys and labelSelector')];
  });
}
