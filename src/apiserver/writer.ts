/** As whom a request writes: the manager that its fields belong to afterwards. */
import { toApiVersion } from '../api/meta.ts';
import { StatusError } from '../base/status-error.ts';
import type { Writer } from './registry/ownership.ts';
import type { ResourceCall } from './server-context.ts';

/** @see apimachinery/pkg/apis/meta/v1/validation ValidateFieldManager */
const MANAGER_LENGTH_MAX = 128;

/** `fieldManager` of the query, or else the program that the user agent names. @throws StatusError Invalid */
export function writerOf({ request, row }: ResourceCall): Writer {
  const given = request.query.get('fieldManager') ?? '';
  checkManager(given);
  const program = (request.headers['user-agent'] ?? '').split('/', 1)[0]!.slice(0, MANAGER_LENGTH_MAX);
  const manager = given === '' ? program || 'unknown' : given;
  return { manager, apiVersion: toApiVersion(row.group, row.version) };
}

function checkManager(manager: string): void {
  if (manager.length > MANAGER_LENGTH_MAX)
    refuse(`Too long: may not be more than ${MANAGER_LENGTH_MAX} bytes`);
  if (/\p{C}/u.test(manager))
    refuse(`Invalid value: ${JSON.stringify(manager)}: should only contain printable characters`);
}

/** An apply must say for whom it speaks. @throws StatusError Invalid */
export function requireManager({ request }: ResourceCall): void {
  if (!request.query.get('fieldManager')) refuse('Required value: is required for apply patch');
}

function refuse(why: string): never {
  throw new StatusError('Invalid', `PatchOptions.meta.k8s.io "" is invalid: fieldManager: ${why}`, {
    details: {
      group: 'meta.k8s.io',
      kind: 'PatchOptions',
      causes: [
        {
          reason: `FieldValue${why.slice(0, why.indexOf(':')).replace(' value', '').replace(' ', '')}`,
          message: why,
          field: 'fieldManager',
        },
      ],
    },
  });
}
