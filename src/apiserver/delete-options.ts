/** What a delete request asks for: its body, or the query parameters of the same names. @see metav1.DeleteOptions */
import type { DeleteOptions } from '../api/generated/meta-v1.ts';
import type { ApiRequest } from '../api/message.ts';
import { type FieldError, invalid, notSupported, toInvalidError } from '../api/validation/field-error.ts';
import { type Fields, isFields } from './api-object.ts';
import { newBadRequest } from './errors.ts';
import { parseDryRun } from './registry/write-options.ts';
import { parseBody } from './request-body.ts';
import { isTrue } from './route.ts';

export interface DeletionOptions {
  options: DeleteOptions;
  dryRun: boolean;
}

const POLICIES = ['Background', 'Foreground', 'Orphan'];
const KIND = { group: 'meta.k8s.io', kind: 'DeleteOptions' };
const DELETE_OPTIONS = { group: '', version: 'v1', kind: 'DeleteOptions' };

/** @throws StatusError BadRequest, Invalid */
export function parseDeleteOptions(request: ApiRequest): DeletionOptions {
  const body = parseBody(request, DELETE_OPTIONS)?.value;
  if (body !== undefined && !isFields(body)) throw newBadRequest('DeleteOptions must be an object');
  return toDeletionOptions(body ?? fromQuery(request.query), request.query.getAll('dryRun'));
}

/** Checks `fields`, the decoded form of a DeleteOptions. */
export function toDeletionOptions(fields: Fields, dryRunOfQuery: readonly string[] = []): DeletionOptions {
  const options: DeleteOptions = {};
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions, dryRun } = fields;
  const errors: FieldError[] = [];
  if (typeof gracePeriodSeconds === 'number' && Number.isInteger(gracePeriodSeconds)) {
    options.gracePeriodSeconds = gracePeriodSeconds;
  } else if (gracePeriodSeconds !== undefined && gracePeriodSeconds !== null) {
    throw newBadRequest('DeleteOptions: gracePeriodSeconds must be an integer');
  }
  if (typeof propagationPolicy === 'string' && propagationPolicy !== '') {
    options.propagationPolicy = propagationPolicy;
    if (!POLICIES.includes(propagationPolicy)) {
      errors.push(notSupported('propagationPolicy', propagationPolicy, POLICIES));
    }
  }
  if (typeof orphanDependents === 'boolean') {
    options.orphanDependents = orphanDependents;
    if (options.propagationPolicy !== undefined) {
      const why = 'orphanDependents and deletionPropagation cannot be both set';
      errors.push(invalid('propagationPolicy', propagationPolicy, why));
    }
  }
  if (isFields(preconditions)) options.preconditions = preconditionsOf(preconditions);
  if (errors.length > 0) throw toInvalidError(KIND, '', errors);
  const directives = Array.isArray(dryRun) ? dryRun.map(String) : [];
  return { options, dryRun: parseDryRun([...directives, ...dryRunOfQuery]) };
}

function preconditionsOf({ uid, resourceVersion }: Fields): NonNullable<DeleteOptions['preconditions']> {
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

function fromQuery(query: URLSearchParams): Fields {
  const fields: Fields = {};
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null) fields['gracePeriodSeconds'] = grace === '' ? undefined : Number(grace);
  const policy = query.get('propagationPolicy');
  if (policy !== null) fields['propagationPolicy'] = policy;
  if (query.has('orphanDependents')) fields['orphanDependents'] = isTrue(query.get('orphanDependents'));
  return fields;
}
