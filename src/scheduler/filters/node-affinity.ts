/** `nodeSelector` and required node affinity. */
import { matchesNodeSelection } from '../../api/node-affinity.ts';
import { type Filter, unresolvable } from './filter.ts';

const NO_MATCH = unresolvable("node(s) didn't match Pod's node affinity/selector");

export const nodeAffinity: Filter = {
  name: 'NodeAffinity',
  prepare({ pod: { spec } }) {
    const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (spec.nodeSelector === undefined && required === undefined) return undefined;
    return { reject: ({ node }) => (matchesNodeSelection(spec, node) ? undefined : NO_MATCH) };
  },
};
