/**
 * RBAC rules in one line each, so that tables of them can be read and compared:
 *
 *     verbs | API groups | resources | resource names       'get,update | core,apps | pods,pods/status | a,b'
 *     verbs | urls | paths                                   'get | urls | /livez,/version/*'
 *
 * Lists are separated by commas. The core group is `core`; `read` stands for get, list, watch and `write` for create,
 * delete, deletecollection, patch, update.
 */
import type { PolicyRule } from '../../api/generated/rbac-v1.ts';
import { assert } from '../../base/assert.ts';

export type RuleNotation = string;

const VERB_SETS: Readonly<Record<string, readonly string[]>> = {
  read: ['get', 'list', 'watch'],
  write: ['create', 'delete', 'deletecollection', 'patch', 'update'],
};

/** The rule that `notation` stands for. A malformed one is a programmer's error. */
export function toPolicyRule(notation: RuleNotation): PolicyRule {
  const [verbs, groups, targets, names] = notation.split('|').map((part) => part.trim().split(','));
  assert(verbs && groups && targets, `malformed rule: ${notation}`);
  const rule = { verbs: verbs.flatMap((verb) => VERB_SETS[verb] ?? verb) };
  if (groups[0] === 'urls') return { ...rule, nonResourceURLs: targets };
  return {
    ...rule,
    apiGroups: groups.map((group) => (group === 'core' ? '' : group)),
    resources: targets,
    ...(names ? { resourceNames: names } : {}),
  };
}
