/**
 * The API server's authorizers in their order: `system:masters` may everything, agents what their node needs, everybody
 * what RBAC grants. The first that allows decides; the reasons of those that do not are kept for the message.
 */
import type { UserInfo } from '../../api/message.ts';
import type {
  AccessAttributes,
  AccessDecision,
  AccessRules,
  RequestAuthorizer,
  RulesResolver,
} from '../interfaces.ts';
import { newNodeAuthorizer, nodeOfUser } from './node-authorizer.ts';
import type { NodePods } from './node-pods.ts';
import { newRbacAuthorizer } from './rbac-authorizer.ts';
import type { RbacIndex } from './rbac-index.ts';

export interface Authorizer extends RequestAuthorizer, RulesResolver {
  authorize(attributes: AccessAttributes): AccessDecision;
  rulesFor(user: UserInfo, namespace: string): AccessRules;
}

const SUPERUSERS = 'system:masters';

const EVERYTHING: AccessRules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

/** @see pkg/kubeapiserver/authorizer/config.go in kubernetes/kubernetes, with `--authorization-mode=Node,RBAC` */
export function newAuthorizer(rbacIndex: RbacIndex, pods: NodePods): Authorizer {
  const node = newNodeAuthorizer(pods);
  const rbac = newRbacAuthorizer(rbacIndex);
  return {
    authorize(attributes) {
      if (attributes.user.groups.includes(SUPERUSERS)) return { allowed: true };
      const byNode = node.authorize(attributes);
      if (byNode.allowed) return byNode;
      const byRbac = rbac.authorize(attributes);
      if (byRbac.allowed) return byRbac;
      const reason = [byNode.reason, byRbac.reason].filter(Boolean).join(', ');
      return reason === '' ? byRbac : { allowed: false, reason };
    },
    rulesFor(user, namespace) {
      const rules = rbac.rulesFor(user, namespace);
      if (user.groups.includes(SUPERUSERS)) {
        return {
          ...rules,
          resourceRules: [...EVERYTHING.resourceRules, ...rules.resourceRules],
          nonResourceRules: [...EVERYTHING.nonResourceRules, ...rules.nonResourceRules],
        };
      }
      if (nodeOfUser(user) === undefined) return rules;
      const evaluationError = 'node authorizer does not support user rule resolution';
      return { ...rules, incomplete: true, evaluationError };
    },
  };
}
