/** Versions in which custom objects may be stored, as a definition's status tells. */
import type { CustomResourceDefinitionSpec } from '../../api/generated/apiextensions-v1.ts';

/** @returns `before`, and the one that writes are stored in from now on */
export function withStoredVersion(
  spec: Partial<CustomResourceDefinitionSpec> | undefined, // not judged yet
  before: readonly string[],
): readonly string[] {
  const stored = spec?.versions?.find(({ storage }) => storage)?.name;
  return stored === undefined || before.includes(stored) ? before : [...before, stored];
}
