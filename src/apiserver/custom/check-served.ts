/**
 * Where versions are converted elsewhere, an object is judged as the client wrote it before it is sent there. What becomes of it
 * is judged once more, as what is stored.
 */
import { validateCustom, validateCustomUpdate } from '../../api/custom/validate-custom.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { toInvalidError } from '../../api/validation/field-error.ts';
import type { ApiObject } from '../api-object.ts';

/** Stands for metadata that the server has not filled in yet: it is judged later. */
const ANY = { name: 'x', namespace: 'x' };

/** @param old  what it follows, in the same version; absent for a new object. @throws StatusError Invalid */
export function checkServed(row: ResourceRow, object: ApiObject, old?: ApiObject): void {
  const metadata = old?.metadata ?? (row.namespaced ? ANY : { name: ANY.name });
  const judged = { ...object, metadata } as unknown as KubeObject;
  const errors =
    old === undefined
      ? validateCustom(judged, row)
      : validateCustomUpdate(judged, old as unknown as KubeObject, row).errors;
  if (errors.length > 0) throw toInvalidError(row, object.metadata.name ?? '', errors);
}
