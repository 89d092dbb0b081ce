/** Kinds of the other groups. */
import type { Descriptions } from './description.ts';

export const NETWORKING: Descriptions = {
  package: 'io.k8s.api.networking.v1',
  texts: {
    Ingress: 'Leads HTTP from outside to Services, by host and path.',
    'IngressSpec.rules': 'Which host and path lead where.',
    'IngressSpec.tls': 'Certificates by host.',
    'IngressSpec.defaultBackend': 'Where everything else leads.',
    'IngressSpec.ingressClassName': 'The IngressClass, and with it who carries it out.',
    'IngressRule.host': 'The host name; *. stands for one label. Empty: any.',
    'HTTPIngressPath.path': 'The path.',
    'HTTPIngressPath.pathType': 'Exact, Prefix (by elements of the path) or ImplementationSpecific.',
    'HTTPIngressPath.backend': 'Where it leads.',
    'IngressBackend.service': 'A Service of the same namespace.',
    'IngressServiceBackend.name': 'The Service.',
    'IngressServiceBackend.port': 'Its port, by name or number.',
    'IngressTLS.hosts': 'The hosts of the certificate.',
    'IngressTLS.secretName': 'The Secret with tls.crt and tls.key.',
    IngressClass: 'A sort of Ingress: who carries it out, and with which parameters.',
    NetworkPolicy: 'Who may talk to a set of Pods, and to whom they may talk.',
    'NetworkPolicySpec.podSelector': 'Which Pods; empty: all of the namespace.',
    'NetworkPolicySpec.ingress': 'What may come in. What no policy allows is refused.',
    'NetworkPolicySpec.egress': 'What may go out. What no policy allows is refused.',
    'NetworkPolicySpec.policyTypes': 'Ingress, Egress or both.',
    IPAddress: 'An address that a Service holds.',
    ServiceCIDR: 'A range from which Services get their addresses.',
  },
};

export const RBAC: Descriptions = {
  package: 'io.k8s.api.rbac.v1',
  texts: {
    Role: 'What may be done in one namespace.',
    'Role.rules': 'What is allowed.',
    ClusterRole: 'What may be done in the whole cluster, or, by a RoleBinding, in one namespace.',
    'ClusterRole.rules': 'What is allowed.',
    'ClusterRole.aggregationRule': 'Labels of ClusterRoles whose rules this one gathers.',
    RoleBinding: 'Gives a Role, or a ClusterRole for one namespace, to users, groups and ServiceAccounts.',
    'RoleBinding.subjects': 'To whom.',
    'RoleBinding.roleRef': 'Which role. It cannot be changed.',
    ClusterRoleBinding: 'Gives a ClusterRole to users, groups and ServiceAccounts, for the whole cluster.',
    'ClusterRoleBinding.subjects': 'To whom.',
    'ClusterRoleBinding.roleRef': 'Which role. It cannot be changed.',
    'PolicyRule.verbs':
      'What may be done: get, list, watch, create, update, patch, delete, deletecollection; * is everything.',
    'PolicyRule.apiGroups': 'Groups of the resources; empty is the core group, * is all.',
    'PolicyRule.resources': 'Resources, and subresources as pods/log; * is all.',
    'PolicyRule.resourceNames': 'Only objects of these names; empty: all.',
    'PolicyRule.nonResourceURLs': 'Paths that are no resources, such as /healthz; only in a ClusterRole.',
    'RoleRef.kind': 'Role or ClusterRole.',
    'RoleRef.name': 'The role.',
    'RoleRef.apiGroup': 'rbac.authorization.k8s.io.',
    'Subject.kind': 'User, Group or ServiceAccount.',
    'Subject.name': 'Who.',
    'Subject.namespace': 'Of a ServiceAccount.',
  },
};

export const STORAGE: Descriptions = {
  package: 'io.k8s.api.storage.v1',
  texts: {
    StorageClass: 'A sort of storage: who makes volumes, and how.',
    'StorageClass.provisioner': 'Who makes the volumes.',
    'StorageClass.parameters': 'What the provisioner is told.',
    'StorageClass.reclaimPolicy':
      'What becomes of a volume when its claim is deleted: Delete (default) or Retain.',
    'StorageClass.volumeBindingMode':
      'Immediate (default), or WaitForFirstConsumer: when a Pod needs it and has a place.',
    'StorageClass.allowVolumeExpansion': 'Whether claims may grow.',
    CSIDriver: 'What a CSI driver can do.',
    CSINode: 'The CSI drivers of a node.',
    CSIStorageCapacity: 'How much storage there is left of a class in a part of the cluster.',
    VolumeAttachment: 'The wish that a volume be attached to a node.',
    VolumeAttributesClass: 'Properties of volumes that can be changed while they are used.',
  },
};

/** By package: kinds with no more than a line. */
export const OTHERS: readonly Descriptions[] = [
  {
    package: 'io.k8s.api.scheduling.v1',
    texts: {
      PriorityClass: 'A name for a priority of Pods.',
      'PriorityClass.value': 'The priority; higher ones are placed first and may preempt lower ones.',
      'PriorityClass.globalDefault': 'Whether Pods without a class have this one.',
      'PriorityClass.description': 'When to use it, for people.',
      'PriorityClass.preemptionPolicy': 'PreemptLowerPriority (default) or Never.',
    },
  },
  {
    package: 'io.k8s.api.coordination.v1',
    texts: {
      Lease: 'Who holds something, and until when: the heartbeat of a node, or the lead among equals.',
      'LeaseSpec.holderIdentity': 'Who holds it.',
      'LeaseSpec.leaseDurationSeconds': 'How long after renewTime it is held.',
      'LeaseSpec.renewTime': 'When it was last renewed.',
      'LeaseSpec.acquireTime': 'When the holder got it.',
      'LeaseSpec.leaseTransitions': 'How often it went from one holder to another.',
    },
  },
  {
    package: 'io.k8s.api.node.v1',
    texts: { RuntimeClass: 'A way to run containers that Pods can ask for.' },
  },
  {
    package: 'io.k8s.api.discovery.v1',
    texts: {
      EndpointSlice: 'A part of the addresses behind a Service, with what is known of each.',
      'EndpointSlice.endpoints': 'The addresses.',
      'EndpointSlice.ports': 'The ports of each address.',
      'EndpointSlice.addressType': 'IPv4, IPv6 or FQDN.',
    },
  },
  {
    package: 'io.k8s.api.events.v1',
    texts: { Event: 'Something that happened to an object. Kept for an hour.' },
  },
  {
    package: 'io.k8s.api.certificates.v1',
    texts: {
      CertificateSigningRequest: 'A wish for a certificate, which somebody approves and a signer fulfils.',
      'CertificateSigningRequestSpec.request': 'The PKCS #10 request, PEM in base64.',
      'CertificateSigningRequestSpec.signerName':
        'Who is to sign it, such as kubernetes.io/kube-apiserver-client.',
      'CertificateSigningRequestSpec.usages': 'What the key may be used for.',
      'CertificateSigningRequestSpec.expirationSeconds':
        'How long it should be valid; the signer may give less.',
      'CertificateSigningRequestStatus.certificate': 'The certificate, once it is there.',
      'CertificateSigningRequestStatus.conditions': 'Approved, Denied and Failed.',
    },
  },
  {
    package: 'io.k8s.api.admissionregistration.v1',
    texts: {
      ValidatingWebhookConfiguration: 'Webhooks that may refuse writes.',
      MutatingWebhookConfiguration: 'Webhooks that may change and refuse writes.',
      ValidatingAdmissionPolicy: 'Rules in CEL that writes must keep, where a binding applies them.',
      ValidatingAdmissionPolicyBinding:
        'Where a ValidatingAdmissionPolicy applies, with which parameters, and what a breach leads to.',
      MutatingAdmissionPolicy: 'Changes in CEL that writes undergo, where a binding applies them.',
      MutatingAdmissionPolicyBinding: 'Where a MutatingAdmissionPolicy applies, and with which parameters.',
    },
  },
  {
    package: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
    texts: {
      CustomResourceDefinition: 'A further kind of objects that the API serves.',
      'CustomResourceDefinitionSpec.group': 'The API group of the kind.',
      'CustomResourceDefinitionSpec.names': 'What it is called.',
      'CustomResourceDefinitionSpec.scope': 'Namespaced or Cluster.',
      'CustomResourceDefinitionSpec.versions': 'Its versions; one of them is stored.',
      'CustomResourceDefinitionSpec.conversion': 'How its versions become each other: None, or a webhook.',
    },
  },
  {
    package: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
    texts: {
      APIService: 'A group version of the API, and the Service that serves it, if it is another server.',
    },
  },
  {
    package: 'io.k8s.api.flowcontrol.v1',
    texts: {
      FlowSchema: 'Which requests belong to which priority level, and what tells their flows apart.',
      PriorityLevelConfiguration:
        'How many requests of a priority level are served at a time, and how others wait.',
    },
  },
  {
    package: 'io.k8s.api.authentication.v1',
    texts: {
      TokenReview: 'Asks whose token this is.',
      SelfSubjectReview: 'Asks who I am.',
      TokenRequest: 'Asks for a token of a ServiceAccount.',
    },
  },
  {
    package: 'io.k8s.api.authorization.v1',
    texts: {
      SubjectAccessReview: 'Asks whether somebody may do something.',
      LocalSubjectAccessReview: 'Asks whether somebody may do something in a namespace.',
      SelfSubjectAccessReview: 'Asks whether I may do something.',
      SelfSubjectRulesReview: 'Asks what I may do in a namespace.',
    },
  },
  {
    package: 'io.k8s.api.resource.v1',
    texts: {
      DeviceClass: 'A sort of devices that claims can ask for.',
      ResourceClaim: 'A wish for devices, for Pods to use.',
      ResourceClaimTemplate: 'What the ResourceClaims look like that are made for Pods.',
      ResourceSlice: 'Devices of a node or pool, as their driver tells them.',
    },
  },
];
