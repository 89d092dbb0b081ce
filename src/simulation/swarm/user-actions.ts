/** What users do to a cluster while faults are on: one row an action. */
import { NODE_ACTIONS } from './node-actions.ts';
import { OBJECT_ACTIONS } from './object-actions.ts';
import type { UserAction } from './user-action.ts';
import { WORKLOAD_ACTIONS } from './workload-actions.ts';

export const USER_ACTIONS: Readonly<Record<string, UserAction>> = {
  ...WORKLOAD_ACTIONS,
  ...NODE_ACTIONS,
  ...OBJECT_ACTIONS,
};
