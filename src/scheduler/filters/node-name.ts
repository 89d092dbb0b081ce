/** A Pod that names its node goes there or nowhere. */
import { type Filter, unresolvable } from './filter.ts';

const ANOTHER = unresolvable("node(s) didn't match the requested node name");

export const nodeName: Filter = {
  name: 'NodeName',
  prepare({ pod: { spec } }) {
    if (!spec.nodeName) return undefined;
    return { reject: ({ name }) => (name === spec.nodeName ? undefined : ANOTHER) };
  },
};
