/**
 * The RBAC objects that every cluster holds from its first start, put together from the tables beside this file. The API
 * server creates those that are missing and restores rules and subjects that were taken away.
 *
 * @see plugin/pkg/auth/authorizer/rbac/bootstrappolicy in kubernetes/kubernetes, v1.36; differs: none
 */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../../api/generated/rbac-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { BOOTSTRAP_CLUSTER_ROLES } from './bootstrap-cluster-roles.ts';
import { CONTROLLER_ROLES } from './bootstrap-controller-roles.ts';
import type { RbacObject } from './rbac-index.ts';
import { type RuleNotation, toPolicyRule } from './rule-notation.ts';

const API_VERSION = 'rbac.authorization.k8s.io/v1';
const RBAC_GROUP = 'rbac.authorization.k8s.io';
const AGGREGATE_TO = 'rbac.authorization.k8s.io/aggregate-to-';
const CONTROLLER_PREFIX = 'system:controller:';

/** Which ClusterRole is gathered into which; `admin`, `edit` and `view` have no rules of their own. */
const AGGREGATION: readonly { role: string; into: 'admin' | 'edit' | 'view' }[] = [
  { role: 'edit', into: 'admin' },
  { role: 'system:aggregate-to-admin', into: 'admin' },
  { role: 'system:aggregate-to-edit', into: 'edit' },
  { role: 'view', into: 'edit' },
  { role: 'system:aggregate-to-view', into: 'view' },
];

/** ClusterRole and those that it is bound to; `user:`, `group:` or, in `kube-system`, `serviceaccount:`. */
const CLUSTER_BINDINGS: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['group:system:masters'],
  'system:basic-user': ['group:system:authenticated'],
  'system:discovery': ['group:system:authenticated'],
  'system:kube-controller-manager': ['user:system:kube-controller-manager'],
  'system:kube-dns': ['serviceaccount:kube-dns'],
  'system:kube-scheduler': ['user:system:kube-scheduler'],
  'system:monitoring': ['group:system:monitoring'],
  'system:node': [],
  'system:node-proxier': ['user:system:kube-proxy'],
  'system:public-info-viewer': ['group:system:authenticated', 'group:system:unauthenticated'],
  'system:service-account-issuer-discovery': ['group:system:serviceaccounts'],
  'system:volume-scheduler': ['user:system:kube-scheduler'],
};

interface NamespacedRow {
  namespace: string;
  role: string;
  /** Absent: as the role. */
  binding?: string;
  subjects: readonly string[];
  rules: readonly RuleNotation[];
}

const NAMESPACED_ROLES: readonly NamespacedRow[] = [
  {
    namespace: 'kube-system',
    role: 'extension-apiserver-authentication-reader',
    binding: 'system::extension-apiserver-authentication-reader',
    subjects: ['user:system:kube-controller-manager', 'user:system:kube-scheduler'],
    rules: ['read | core | configmaps | extension-apiserver-authentication'],
  },
  {
    namespace: 'kube-system',
    role: 'system::leader-locking-kube-controller-manager',
    subjects: ['user:system:kube-controller-manager', 'serviceaccount:kube-controller-manager'],
    rules: ['watch | core | configmaps', 'get,update | core | configmaps | kube-controller-manager'],
  },
  {
    namespace: 'kube-system',
    role: 'system::leader-locking-kube-scheduler',
    subjects: ['user:system:kube-scheduler', 'serviceaccount:kube-scheduler'],
    rules: ['watch | core | configmaps', 'get,update | core | configmaps | kube-scheduler'],
  },
  {
    namespace: 'kube-system',
    role: 'system:controller:bootstrap-signer',
    subjects: ['serviceaccount:bootstrap-signer'],
    rules: ['read | core | secrets'],
  },
  {
    namespace: 'kube-system',
    role: 'system:controller:cloud-provider',
    subjects: ['serviceaccount:cloud-provider'],
    rules: ['create,get,list,watch | core | configmaps'],
  },
  {
    namespace: 'kube-system',
    role: 'system:controller:token-cleaner',
    subjects: ['serviceaccount:token-cleaner'],
    rules: ['get,list,watch,delete | core | secrets', 'create,patch,update | core,events.k8s.io | events'],
  },
  {
    namespace: 'kube-public',
    role: 'system:controller:bootstrap-signer',
    subjects: ['serviceaccount:bootstrap-signer'],
    rules: [
      'read | core | configmaps',
      'update | core | configmaps | cluster-info',
      'create,patch,update | core,events.k8s.io | events',
    ],
  },
];

/** All of them, roles before the bindings that name them. The namespaces `kube-system` and `kube-public` must exist. */
export function bootstrapRbacObjects(): RbacObject[] {
  const rulesOf = aggregatedRules();
  const controllers = Object.keys(CONTROLLER_ROLES);
  return [
    ...Object.keys(BOOTSTRAP_CLUSTER_ROLES).map((name) => clusterRole(name, rulesOf(name))),
    ...controllers.map((name) => clusterRole(CONTROLLER_PREFIX + name, toRules(CONTROLLER_ROLES[name]!))),
    ...Object.entries(CLUSTER_BINDINGS).map(([role, subjects]) => clusterRoleBinding(role, subjects)),
    ...controllers.map((name) => clusterRoleBinding(CONTROLLER_PREFIX + name, [`serviceaccount:${name}`])),
    ...NAMESPACED_ROLES.map(namespacedRole),
    ...NAMESPACED_ROLES.map(namespacedBinding),
  ];
}

/** Rules of a bootstrap role, what it gathers included, each once. */
function aggregatedRules(): (name: string) => PolicyRule[] {
  const notations = (name: string): readonly RuleNotation[] => [
    ...BOOTSTRAP_CLUSTER_ROLES[name]!,
    ...AGGREGATION.filter(({ into }) => into === name).flatMap(({ role }) => notations(role)),
  ];
  return (name) => toRules([...new Set(notations(name))]);
}

function toRules(notations: readonly RuleNotation[]): PolicyRule[] {
  return notations.map(toPolicyRule);
}

function metadata(name: string, namespace?: string, labels: Record<string, string> = {}) {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}

function clusterRole(name: string, rules: PolicyRule[]): NewObject<ClusterRole> {
  const into = AGGREGATION.filter(({ role }) => role === name).map((row) => [
    AGGREGATE_TO + row.into,
    'true',
  ]);
  const isGathered = AGGREGATION.some((row) => row.into === name);
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRole',
    metadata: metadata(name, undefined, Object.fromEntries(into)),
    rules,
    ...(isGathered
      ? { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [AGGREGATE_TO + name]: 'true' } }] } }
      : {}),
  };
}

function clusterRoleBinding(role: string, subjects: readonly string[]): NewObject<ClusterRoleBinding> {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: metadata(role),
    roleRef: roleRef('ClusterRole', role),
    ...(subjects.length === 0 ? {} : { subjects: subjects.map(toSubject) }),
  };
}

function namespacedRole({ namespace, role, rules }: NamespacedRow): NewObject<Role> {
  return {
    apiVersion: API_VERSION,
    kind: 'Role',
    metadata: metadata(role, namespace),
    rules: toRules(rules),
  };
}

function namespacedBinding({ namespace, role, binding, subjects }: NamespacedRow): NewObject<RoleBinding> {
  return {
    apiVersion: API_VERSION,
    kind: 'RoleBinding',
    metadata: metadata(binding ?? role, namespace),
    roleRef: roleRef('Role', role),
    subjects: subjects.map(toSubject),
  };
}

function roleRef(kind: string, name: string): RoleRef {
  return { apiGroup: RBAC_GROUP, kind, name };
}

function toSubject(notation: string): Subject {
  const at = notation.indexOf(':');
  const name = notation.slice(at + 1);
  if (notation.startsWith('serviceaccount:'))
    return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
  return { apiGroup: RBAC_GROUP, kind: notation.startsWith('user:') ? 'User' : 'Group', name };
}
