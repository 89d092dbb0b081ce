/** A client's request as webhooks are told of it: in which version, with which options, and until when it waits. */
import type { JsonObject } from '../api/json.ts';
import type { AskedRequest } from './admission/admission.ts';
import type { ResourceCall } from './server-context.ts';

/** By verb. A deletion's are in its body: see `registry/delete.ts`. */
const OPTION_KINDS: Readonly<Record<string, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
};

export function askedBy({ row, info, request, signal, deadlineMs }: ResourceCall): AskedRequest {
  const isOfCollection = info.verb === 'deletecollection';
  return { row, signal, deadlineMs, isOfCollection, options: () => optionsOf(info.verb, request.query) };
}

function optionsOf(verb: string, query: URLSearchParams): JsonObject | undefined {
  const kind = OPTION_KINDS[verb];
  if (kind === undefined) return undefined;
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
