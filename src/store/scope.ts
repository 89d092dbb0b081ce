/** Whether one version belongs to the scope of a list or a watch. */
import type { Scope } from './store.ts';
import type { Version } from './version.ts';

/** Whether `version` has the value that `scope` asks for, if it asks for one. */
export function hasIndexedValue({ indexed }: Scope, version: Version): boolean {
  return indexed === undefined || indexed.index.valueOf(version.value) === indexed.value;
}

/** Whether a watch of `scope` is told of `version`: it lies in the scope, or what it replaced did. */
export function concerns(scope: Scope, version: Version): boolean {
  const { prefix, exact } = scope;
  if (exact === true ? version.key !== prefix : !version.key.startsWith(prefix)) return false;
  if (hasIndexedValue(scope, version)) return true;
  const { previous } = version;
  return previous !== undefined && !previous.deleted && hasIndexedValue(scope, previous);
}
