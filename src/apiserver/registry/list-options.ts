/**
 * What the options of a list or a watch may not say together.
 *
 * @see k8s.io/apimachinery pkg/apis/meta/internalversion/validation/validation.go
 */
import {
  type FieldError,
  forbidden,
  notSupported,
  toInvalidError,
} from '../../api/validation/field-error.ts';

const LIST_OPTIONS = { group: 'meta.k8s.io', kind: 'ListOptions' };
const MATCH = 'resourceVersionMatch';
const WITH_CONTINUE = forbidden(MATCH, `${MATCH} is forbidden when continue is provided`);

/** @throws StatusError Invalid */
export function checkListOptions(query: URLSearchParams): void {
  const errors = query.get(MATCH) ? matchErrors(query) : [];
  if (query.has('sendInitialEvents')) {
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  throwAny(errors);
}

function matchErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = [];
  const match = query.get(MATCH);
  const revision = query.get('resourceVersion');
  if (!revision) errors.push(forbidden(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`));
  if (query.get('continue')) errors.push(WITH_CONTINUE);
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported(MATCH, match, ['Exact', 'NotOlderThan', '']));
  }
  if (match === 'Exact' && revision === '0') {
    errors.push(forbidden(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`));
  }
  return errors;
}

/** @throws StatusError Invalid */
export function checkWatchOptions(query: URLSearchParams): void {
  const errors: FieldError[] = [];
  const match = query.get(MATCH) ?? '';
  const isInitial = query.has('sendInitialEvents');
  if (isInitial && match !== 'NotOlderThan') {
    errors.push(forbidden(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`));
  }
  if (match !== '') {
    if (!isInitial) {
      errors.push(forbidden(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`));
    }
    if (match !== 'NotOlderThan') errors.push(notSupported(MATCH, match, ['NotOlderThan']));
    if (query.get('continue')) errors.push(WITH_CONTINUE);
  }
  throwAny(errors);
}

function throwAny(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw toInvalidError(LIST_OPTIONS, '', errors);
}
