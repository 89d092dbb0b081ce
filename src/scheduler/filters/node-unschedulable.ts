/** A cordoned node takes only Pods that tolerate that. */
import { toleratesTaint } from '../../api/taints.ts';
import { type Filter, unresolvable } from './filter.ts';

const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const CORDONED = unresolvable('node(s) were unschedulable');

export const nodeUnschedulable: Filter = {
  name: 'NodeUnschedulable',
  prepare({ pod: { spec } }) {
    if (spec.tolerations?.some((toleration) => toleratesTaint(toleration, TAINT))) return undefined;
    return { reject: ({ isUnschedulable }) => (isUnschedulable ? CORDONED : undefined) };
  },
};
