/**
 * One small valid object of every kind that has a life of its own in the API, and what upstream's lifecycle tests do to its
 * status.
 */

import { newRequestPem } from '../../src/platform/certificate-request.fixture.ts';

export interface LifecycleRow {
  readonly apiVersion: string;
  readonly kind: string;
  /** As in paths. */
  readonly resource: string;
  readonly clusterScoped?: true;
  /** What the object says beside its name and labels. `n` tells several objects of one kind apart. */
  readonly body: (n: number) => Record<string, unknown>;
  /** Names that are not free to choose. */
  readonly name?: (n: number) => string;
  /** Merge patch of the status; absent for kinds without one. */
  readonly status?: Record<string, unknown>;
  /** Annotations that come with a status are not taken. */
  readonly statusKeepsMetadata?: true;
  readonly hasNoCollectionDelete?: true;
}

const labels = { app: 'lifecycle' };
const container = { name: 'main', image: 'example/pause:1' };
const podSpec = { containers: [container], terminationGracePeriodSeconds: 0 };
const template = { metadata: { labels }, spec: { containers: [container] } };
const jobTemplate = { spec: { containers: [container], restartPolicy: 'Never' } };
const selector = { matchLabels: labels };
const clientConfig = { url: 'https://127.0.0.1:1/' };
const webhook = { name: 'w.example.com', clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] };
const resourceRules = [
  { apiGroups: ['none.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nones'] },
];
const condition = {
  type: 'StatusUpdate',
  status: 'True',
  reason: 'E2E',
  message: 'Set from e2e test',
  lastTransitionTime: '2026-01-02T03:04:05Z',
};
const CERTIFICATE_REQUEST = Buffer.from(newRequestPem({ commonName: 'e2e-common-name' }).pem).toString(
  'base64',
);
const conditions = { conditions: [condition] };
const subject = { kind: 'User', name: 'somebody', apiGroup: 'rbac.authorization.k8s.io' };
const roleRef = (kind: string) => ({ kind, name: 'nobodys', apiGroup: 'rbac.authorization.k8s.io' });

export const LIFECYCLES: readonly LifecycleRow[] = [
  // core
  { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', body: () => ({ data: { a: '1' } }) },
  { apiVersion: 'v1', kind: 'Secret', resource: 'secrets', body: () => ({ data: { a: 'MQ==' } }) },
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    resource: 'endpoints',
    body: () => ({ subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80 }] }] }),
  },
  {
    apiVersion: 'v1',
    kind: 'Event',
    resource: 'events',
    body: () => ({
      involvedObject: { namespace: 'lifecycle' },
      reason: 'Test',
      message: 'test',
      type: 'Normal',
    }),
  },
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    resource: 'limitranges',
    body: () => ({ spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Ei' } }] } }),
  },
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    resource: 'namespaces',
    clusterScoped: true,
    body: () => ({}),
    status: conditions,
    hasNoCollectionDelete: true,
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    resource: 'nodes',
    clusterScoped: true,
    body: () => ({}),
    status: conditions,
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    resource: 'persistentvolumes',
    clusterScoped: true,
    body: () => ({
      spec: {
        capacity: { storage: '2Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/tmp/lifecycle' },
        storageClassName: 'nobodys',
        persistentVolumeReclaimPolicy: 'Retain',
      },
    }),
    status: { message: 'StatusUpdate', reason: 'StatusUpdate' },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    resource: 'persistentvolumeclaims',
    body: () => ({
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'nobodys',
        resources: { requests: { storage: '1Gi' } },
      },
    }),
    status: conditions,
  },
  { apiVersion: 'v1', kind: 'Pod', resource: 'pods', body: () => ({ spec: podSpec }), status: conditions },
  { apiVersion: 'v1', kind: 'PodTemplate', resource: 'podtemplates', body: () => ({ template }) },
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    resource: 'replicationcontrollers',
    body: () => ({ spec: { replicas: 0, selector: labels, template } }),
    status: conditions,
  },
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    resource: 'resourcequotas',
    body: () => ({ spec: { hard: { 'count/nones.example.com': '5' } } }),
    status: { hard: { 'count/nones.example.com': '4' } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    resource: 'services',
    body: () => ({ spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } }),
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
  },
  { apiVersion: 'v1', kind: 'ServiceAccount', resource: 'serviceaccounts', body: () => ({}) },
  // admissionregistration
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    resource: 'mutatingwebhookconfigurations',
    clusterScoped: true,
    body: () => ({ webhooks: [webhook] }),
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    resource: 'validatingwebhookconfigurations',
    clusterScoped: true,
    body: () => ({ webhooks: [webhook] }),
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    resource: 'validatingadmissionpolicies',
    clusterScoped: true,
    body: () => ({
      spec: {
        matchConstraints: { resourceRules },
        validations: [{ expression: 'object.spec.replicas <= 100' }],
      },
    }),
    status: conditions,
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    resource: 'validatingadmissionpolicybindings',
    clusterScoped: true,
    body: () => ({ spec: { policyName: 'nobodys', validationActions: ['Deny'] } }),
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    resource: 'mutatingadmissionpolicies',
    clusterScoped: true,
    body: () => ({
      spec: {
        matchConstraints: { resourceRules },
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": "b"}}}' },
          },
        ],
      },
    }),
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    resource: 'mutatingadmissionpolicybindings',
    clusterScoped: true,
    body: () => ({ spec: { policyName: 'nobodys' } }),
  },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    resource: 'customresourcedefinitions',
    clusterScoped: true,
    name: (n) => `lives${n}.lifecycle.example.com`,
    body: (n) => ({
      spec: {
        group: 'lifecycle.example.com',
        scope: 'Namespaced',
        names: { plural: `lives${n}`, kind: `Life${n}` },
        versions: [
          { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    }),
    status: conditions,
  },
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    resource: 'apiservices',
    clusterScoped: true,
    name: (n) => `v${n + 1}.lifecycle.example.net`,
    body: (n) => ({
      spec: {
        group: 'lifecycle.example.net',
        version: `v${n + 1}`,
        groupPriorityMinimum: 100,
        versionPriority: 1,
        insecureSkipTLSVerify: true,
        service: { namespace: 'default', name: 'nobodys' },
      },
    }),
    status: conditions,
  },
  // apps
  {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    resource: 'controllerrevisions',
    body: (n) => ({ data: { spec: { a: 1 } }, revision: n + 1 }),
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    resource: 'daemonsets',
    body: () => ({ spec: { selector, template } }),
    status: conditions,
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    resource: 'deployments',
    body: () => ({ spec: { replicas: 0, selector, template } }),
    status: conditions,
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    resource: 'replicasets',
    body: () => ({ spec: { replicas: 0, selector, template } }),
    status: conditions,
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    resource: 'statefulsets',
    body: () => ({ spec: { replicas: 0, serviceName: 'none', selector, template } }),
    status: conditions,
  },
  // autoscaling, batch, policy
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    resource: 'horizontalpodautoscalers',
    body: () => ({
      spec: {
        maxReplicas: 2,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'nobodys' },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
          },
        ],
      },
    }),
    status: conditions,
  },
  {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    resource: 'horizontalpodautoscalers',
    body: () => ({
      spec: {
        maxReplicas: 2,
        targetCPUUtilizationPercentage: 80,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'nobodys' },
      },
    }),
    status: { currentReplicas: 1, desiredReplicas: 1 },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    resource: 'jobs',
    body: () => ({ spec: { suspend: true, template: jobTemplate } }),
    status: conditions,
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    resource: 'cronjobs',
    body: () => ({
      spec: { suspend: true, schedule: '* */1 * * *', jobTemplate: { spec: { template: jobTemplate } } },
    }),
    status: { lastScheduleTime: '2026-01-02T03:04:05Z' },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    resource: 'poddisruptionbudgets',
    body: () => ({ spec: { minAvailable: '1%', selector: { matchLabels: { no: 'pod' } } } }),
    status: conditions,
  },
  // certificates, coordination, discovery, events
  {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    resource: 'certificatesigningrequests',
    clusterScoped: true,
    body: () => ({
      spec: { signerName: 'example.com/e2e', usages: ['client auth'], request: CERTIFICATE_REQUEST },
    }),
    status: { conditions: [{ ...condition, type: 'ApprovedUpdate' }] },
  },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    resource: 'leases',
    body: () => ({ spec: { holderIdentity: 'holder', leaseDurationSeconds: 30 } }),
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    resource: 'endpointslices',
    body: () => ({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.24'] }],
      ports: [{ name: 'a', port: 80 }],
    }),
  },
  {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    resource: 'events',
    body: () => ({
      regarding: { namespace: 'lifecycle', kind: 'Pod', name: 'p' },
      eventTime: '2026-01-02T03:04:05.000000Z',
      note: 'This is a test',
      reason: 'Test',
      action: 'Do',
      type: 'Normal',
      reportingController: 'test-controller',
      reportingInstance: 'test-node',
    }),
  },
  // networking
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    resource: 'ingresses',
    body: () => ({ spec: { defaultBackend: { service: { name: 'backend', port: { number: 80 } } } } }),
    status: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    resource: 'ingressclasses',
    clusterScoped: true,
    body: () => ({ spec: { controller: 'example.com/controller' } }),
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    resource: 'ipaddresses',
    clusterScoped: true,
    name: (n) => `192.0.2.${n + 1}`,
    body: () => ({ spec: { parentRef: { resource: 'services', namespace: 'default', name: 'nobodys' } } }),
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    resource: 'networkpolicies',
    body: () => ({
      spec: { podSelector: { matchLabels: { no: 'pod' } }, ingress: [{ from: [{ podSelector: {} }] }] },
    }),
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    resource: 'servicecidrs',
    statusKeepsMetadata: true,
    clusterScoped: true,
    body: (n) => ({ spec: { cidrs: [`10.12${n}.0.0/24`] } }),
    status: conditions,
  },
  // flow control
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    resource: 'flowschemas',
    statusKeepsMetadata: true,
    clusterScoped: true,
    body: () => ({
      spec: { matchingPrecedence: 10_000, priorityLevelConfiguration: { name: 'global-default' } },
    }),
    status: conditions,
  },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    resource: 'prioritylevelconfigurations',
    statusKeepsMetadata: true,
    clusterScoped: true,
    body: () => ({
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
    }),
    status: conditions,
  },
  // node, rbac, scheduling
  {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    resource: 'runtimeclasses',
    clusterScoped: true,
    body: () => ({ handler: 'nobodys' }),
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    resource: 'roles',
    body: () => ({ rules: [] }),
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    resource: 'rolebindings',
    body: () => ({ roleRef: roleRef('Role'), subjects: [subject] }),
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    resource: 'clusterroles',
    clusterScoped: true,
    body: () => ({ rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    resource: 'clusterrolebindings',
    clusterScoped: true,
    body: () => ({ roleRef: roleRef('ClusterRole'), subjects: [subject] }),
  },
  {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    resource: 'priorityclasses',
    clusterScoped: true,
    body: (n) => ({ value: 1000 + n }),
  },
  // resource
  {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'DeviceClass',
    resource: 'deviceclasses',
    clusterScoped: true,
    body: () => ({ spec: { selectors: [{ cel: { expression: 'device.driver == "example.com"' } }] } }),
  },
  {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    resource: 'resourceclaims',
    body: () => ({
      spec: { devices: { requests: [{ name: 'req-0', exactly: { deviceClassName: 'nobodys' } }] } },
    }),
    // What an allocation says is not free to say.
    status: {},
  },
  {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaimTemplate',
    resource: 'resourceclaimtemplates',
    body: () => ({
      spec: { spec: { devices: { requests: [{ name: 'req-0', exactly: { deviceClassName: 'nobodys' } }] } } },
    }),
  },
  {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    resource: 'resourceslices',
    clusterScoped: true,
    body: () => ({
      spec: {
        driver: 'lifecycle.example.com',
        nodeName: 'nobodys',
        pool: { name: 'nobodys', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'device-0' }],
      },
    }),
  },
  // storage
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    resource: 'csidrivers',
    clusterScoped: true,
    body: () => ({ spec: { attachRequired: false } }),
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    resource: 'csinodes',
    clusterScoped: true,
    body: () => ({ spec: { drivers: [{ name: 'd.example.com', nodeID: 'a', topologyKeys: ['k'] }] } }),
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIStorageCapacity',
    resource: 'csistoragecapacities',
    body: () => ({ storageClassName: 'nobodys', capacity: '1Gi' }),
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    resource: 'storageclasses',
    clusterScoped: true,
    body: () => ({ provisioner: 'e2e-fake-provisioner' }),
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    resource: 'volumeattachments',
    clusterScoped: true,
    body: () => ({
      spec: {
        attacher: 'e2e-test.storage.k8s.io',
        nodeName: 'nobodys',
        source: { persistentVolumeName: 'pv' },
      },
    }),
    status: { attached: true },
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttributesClass',
    resource: 'volumeattributesclasses',
    clusterScoped: true,
    body: () => ({ driverName: 'e2e-fake-csi-driver', parameters: { foo: 'bar' } }),
  },
];
