/** Rows that say who is who and who may do what: reviews, roles, certificates. */
import type { SelfSubjectReview, TokenReview } from '../generated/authentication-v1.ts';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '../generated/authorization-v1.ts';
import type { CertificateSigningRequest } from '../generated/certificates-v1.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../generated/rbac-v1.ts';
import { APPROVAL, newResource, STATUS } from '../resource-row.ts';

export const SELF_SUBJECT_REVIEWS = newResource<SelfSubjectReview>(
  'authentication.k8s.io/v1',
  'SelfSubjectReview',
  'selfsubjectreviews',
  { clusterScoped: true, verbs: ['create'], virtual: true },
);
export const TOKEN_REVIEWS = newResource<TokenReview>(
  'authentication.k8s.io/v1',
  'TokenReview',
  'tokenreviews',
  { clusterScoped: true, verbs: ['create'], virtual: true },
);

export const LOCAL_SUBJECT_ACCESS_REVIEWS = newResource<LocalSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'LocalSubjectAccessReview',
  'localsubjectaccessreviews',
  { verbs: ['create'], virtual: true },
);
export const SELF_SUBJECT_ACCESS_REVIEWS = newResource<SelfSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'SelfSubjectAccessReview',
  'selfsubjectaccessreviews',
  { clusterScoped: true, verbs: ['create'], virtual: true },
);
export const SELF_SUBJECT_RULES_REVIEWS = newResource<SelfSubjectRulesReview>(
  'authorization.k8s.io/v1',
  'SelfSubjectRulesReview',
  'selfsubjectrulesreviews',
  { clusterScoped: true, verbs: ['create'], virtual: true },
);
export const SUBJECT_ACCESS_REVIEWS = newResource<SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'SubjectAccessReview',
  'subjectaccessreviews',
  { clusterScoped: true, verbs: ['create'], virtual: true },
);

export const CERTIFICATE_SIGNING_REQUESTS = newResource<CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'CertificateSigningRequest',
  'certificatesigningrequests',
  {
    clusterScoped: true,
    shortNames: ['csr'],
    subresources: [APPROVAL, STATUS],
    selectableFields: ['spec.signerName'],
  },
);

export const CLUSTER_ROLE_BINDINGS = newResource<ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
  { clusterScoped: true },
);
export const CLUSTER_ROLES = newResource<ClusterRole>(
  'rbac.authorization.k8s.io/v1',
  'ClusterRole',
  'clusterroles',
  { clusterScoped: true },
);
export const ROLE_BINDINGS = newResource<RoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'RoleBinding',
  'rolebindings',
);
export const ROLES = newResource<Role>('rbac.authorization.k8s.io/v1', 'Role', 'roles');
