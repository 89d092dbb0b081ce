/** A node's NoSchedule and NoExecute taints keep out whoever does not tolerate them. */
import { findUntoleratedTaint, type TaintEffect } from '../../api/taints.ts';
import { type Filter, unresolvable } from './filter.ts';

const REPELLING: readonly TaintEffect[] = ['NoSchedule', 'NoExecute'];

export const taintToleration: Filter = {
  name: 'TaintToleration',
  prepare: ({ pod: { spec } }) => ({
    reject({ taints }) {
      if (taints === undefined) return undefined;
      const taint = findUntoleratedTaint(taints, spec.tolerations, REPELLING);
      return taint && unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
    },
  }),
};
