/** A client's request as webhooks are told of it: in which version, with which options, and until when it waits. */
import type { JsonObject } from '../api/json.ts';
import type { AskedRequest } from './admission/admission.ts';
import type { ResourceCall } from './server-context.ts';

export function askedBy({ row, info, request, signal, deadlineMs }: ResourceCall): AskedRequest {
  const isOfCollection = info.verb === 'deletecollection';
  const isPatch = info.verb === 'patch';
  const options: AskedRequest['options'] = (operation) => {
    if (operation === 'CREATE') return optionsOf('CreateOptions', request.query);
    // A deletion's are in its body: see `registry/delete.ts`.
    if (operation !== 'UPDATE') return undefined;
    return optionsOf(isPatch ? 'PatchOptions' : 'UpdateOptions', request.query);
  };
  return { row, signal, deadlineMs, isOfCollection, options };
}

function optionsOf(kind: string, query: URLSearchParams): JsonObject {
  const options: JsonObject = { kind, apiVersion: 'meta.k8s.io/v1' };
  const dryRun = query.getAll('dryRun');
  if (dryRun.length > 0) options['dryRun'] = dryRun;
  if (kind === 'PatchOptions' && query.get('force') === 'true') options['force'] = true;
  for (const name of ['fieldManager', 'fieldValidation']) {
    const value = query.get(name);
    if (value) options[name] = value;
  }
  return options;
}
