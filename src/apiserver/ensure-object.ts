/** Objects that the server itself wants to be there. */
import { equalJson } from '../api/json.ts';
import { toApiVersion } from '../api/meta.ts';
import type { ResourceRow } from '../api/resources.ts';
import { hasReason } from '../base/status-error.ts';
import { type ApiObject, copyJson, type Fields, objectOf } from './api-object.ts';
import { decodeOwn } from './decode.ts';
import { createObject } from './registry/create.ts';
import { type Registry, readObject, type Target, type WriteContext } from './registry/registry.ts';
import { updateObject } from './registry/update.ts';

/** What the server writes past authentication. */
export const AS_SERVER: WriteContext = {
  user: { username: 'system:apiserver', groups: ['system:masters'] },
  dryRun: false,
};

/** Creates the object, or replaces what differs of one that `isOwned`; labels and annotations are only added. */
export async function ensureObject(
  registry: Registry,
  row: ResourceRow,
  fields: Fields,
  isOwned: (stored: ApiObject) => boolean,
): Promise<void> {
  const header = { apiVersion: toApiVersion(row.group, row.version), kind: row.kind };
  const wanted = () => decodeOwn(copyJson({ ...fields, ...header }), row);
  const { metadata } = wanted();
  const target: Target = { row, namespace: metadata.namespace ?? '', name: metadata.name! };
  const stored = readObject(registry.store, target);
  if (stored === undefined) {
    await createObject(registry, target, wanted(), AS_SERVER).catch((error: unknown) => {
      if (!hasReason(error, 'AlreadyExists')) throw error;
    });
    return;
  }
  if (!isOwned(objectOf(stored)) || hasAll(objectOf(stored), wanted())) return;
  const produce = (old: ApiObject): ApiObject => {
    const object = wanted();
    if (isFilledByController(object)) object['rules'] = old['rules'];
    return {
      ...object,
      metadata: {
        ...old.metadata,
        labels: { ...old.metadata.labels, ...metadata.labels },
        annotations: { ...old.metadata.annotations, ...metadata.annotations },
      },
    };
  };
  await updateObject(registry, target, { subresource: '', produce }, AS_SERVER);
}

function hasAll(stored: ApiObject, wanted: ApiObject): boolean {
  return Object.keys(wanted).every(
    (field) =>
      field === 'metadata' ||
      (field === 'rules' && isFilledByController(wanted)) ||
      equalJson(stored[field], wanted[field]),
  );
}

/** The rules of an aggregated ClusterRole are what its controller has gathered. */
function isFilledByController(object: ApiObject): boolean {
  return object['aggregationRule'] !== undefined;
}
