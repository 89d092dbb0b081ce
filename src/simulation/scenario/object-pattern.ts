/** Objects as a scenario names them: `pod/web`, `pod/shop/web-*` (`*` is anything). */
import type { JsonValue } from '../../api/json.ts';
import { allResources, type ResourceRow } from '../../api/resources.ts';
import { findRowByWord, parseObjectRef } from '../object-ref.ts';
import { suggestion } from './closest.ts';
import { type Read, ScenarioError, text } from './read.ts';

export interface ObjectPattern {
  /** As it was written. */
  text: string;
  row: ResourceRow;
  /** `''` for a cluster-scoped kind. */
  namespace: string;
  name: RegExp;
  /** The name, where there can be only one. */
  exactName: string | undefined;
}

export const objectPattern: Read<ObjectPattern> = (value: JsonValue, place: string) => {
  const written = text(value, place);
  const ref = parseObjectRef(written);
  if (ref === undefined) throw new ScenarioError(place, problemOf(written));
  const { row, namespace, name } = ref;
  return {
    text: written,
    row,
    namespace,
    name: globToRegex(name),
    exactName: name.includes('*') ? undefined : name,
  };
};

function problemOf(written: string): string {
  const kind = written.split('/')[0]!;
  if (findRowByWord(kind) === undefined) {
    const words = allResources().flatMap(({ singular, virtual }) => (virtual ? [] : [singular]));
    const near = suggestion(kind, new Set(words));
    return `there is no kind "${kind}"${near.startsWith('; did') ? near : ''}`;
  }
  return `"${written}" must be KIND/NAME or KIND/NAMESPACE/NAME`;
}

/** Glob with `*` only. */
export function globToRegex(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
