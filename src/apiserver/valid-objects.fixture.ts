/** One object of most kinds that passes validation and uses what the kind's rules look at: to spoil, or to write again. */
import type { JsonObject } from '../api/json.ts';

const LABELS = { app: 'web' };
const TEMPLATE = {
  metadata: { labels: LABELS },
  spec: {
    initContainers: [{ name: 'init', image: 'busybox', command: ['true'] }],
    containers: [
      {
        name: 'web',
        image: 'web:1',
        ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
        env: [
          { name: 'A', value: '1' },
          { name: 'B', valueFrom: { configMapKeyRef: { name: 'c', key: 'b' } } },
        ],
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
        livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
        volumeMounts: [{ name: 'data', mountPath: '/data', subPath: 'a' }],
        securityContext: { runAsUser: 1, capabilities: { drop: ['ALL'] } },
        lifecycle: { preStop: { exec: { command: ['true'] } } },
      },
    ],
    volumes: [{ name: 'data', configMap: { name: 'c', items: [{ key: 'a', path: 'a' }] } }],
    tolerations: [{ key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 3 }],
    nodeSelector: { disk: 'ssd' },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
        },
      },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: 'zone', labelSelector: { matchLabels: LABELS } } },
        ],
      },
    },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
    ],
  },
};
const JOB_TEMPLATE = { spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } };
const SELECTOR = { matchLabels: LABELS, matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] };
const RULE = { apiGroups: [''], apiVersions: ['v1'], resources: ['limitranges'], operations: ['CREATE'] };
const CLIENT = { url: 'https://example.com/hook' };
const HOOK = {
  name: 'a.example.com',
  rules: [RULE],
  clientConfig: CLIENT,
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Ignore',
  namespaceSelector: SELECTOR,
  matchConditions: [{ name: 'c', expression: 'object.metadata.name != "x"' }],
};
const BACKEND = { service: { name: 'web', port: { number: 80 } } };

const OWNER = {
  manager: 'm',
  operation: 'Apply',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:metadata': { 'f:finalizers': { 'v:"a/b"': {} } }, 'f:data': { '.': {}, 'f:a': {} } },
};

function object(apiVersion: string, kind: string, fields: JsonObject, metadata: JsonObject = {}): JsonObject {
  return { apiVersion, kind, metadata: { name: 'a', labels: LABELS, ...metadata }, ...fields };
}

export const VALID_OBJECTS: readonly JsonObject[] = [
  object('v1', 'Pod', { spec: TEMPLATE.spec }),
  object('v1', 'ConfigMap', { data: { a: '1' }, binaryData: { b: 'AAAA' } }, { managedFields: [OWNER] }),
  object('v1', 'Secret', { data: { a: 'AAAA' }, stringData: { b: 'x' }, type: 'Opaque' }),
  object('v1', 'Service', {
    spec: { selector: LABELS, ports: [{ name: 'http', port: 80, targetPort: 'http' }], type: 'NodePort' },
  }),
  object('v1', 'Endpoints', {
    subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'http', port: 80 }] }],
  }),
  object('v1', 'LimitRange', {
    spec: { limits: [{ type: 'Container', max: { cpu: '2' }, default: { cpu: '1' } }] },
  }),
  object('v1', 'ResourceQuota', {
    spec: {
      hard: { pods: '9', 'requests.cpu': '1', 'count/configmaps': '99' },
      scopeSelector: {
        matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
      },
    },
  }),
  object('v1', 'PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, selector: SELECTOR },
  }),
  object('v1', 'PersistentVolume', {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/tmp/a' },
      claimRef: { namespace: 'default', name: 'a' },
    },
  }),
  object('v1', 'Node', {
    spec: { taints: [{ key: 'a', effect: 'NoSchedule' }], podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] },
  }),
  object('v1', 'Namespace', { spec: { finalizers: ['kubernetes'] } }, { name: 'other' }),
  object('v1', 'ServiceAccount', { imagePullSecrets: [{ name: 'x' }] }),
  object('v1', 'ReplicationController', { spec: { replicas: 1, selector: LABELS, template: TEMPLATE } }),
  object('v1', 'Event', {
    involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' },
    reason: 'Started',
    message: 'x',
    type: 'Normal',
    count: 1,
  }),
  object('apps/v1', 'Deployment', {
    spec: {
      replicas: 2,
      selector: SELECTOR,
      template: TEMPLATE,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
    },
  }),
  object('apps/v1', 'StatefulSet', {
    spec: {
      serviceName: 'web',
      selector: SELECTOR,
      template: TEMPLATE,
      volumeClaimTemplates: [
        {
          metadata: { name: 'd' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } },
        },
      ],
    },
  }),
  object('apps/v1', 'DaemonSet', { spec: { selector: SELECTOR, template: TEMPLATE } }),
  object('apps/v1', 'ReplicaSet', { spec: { selector: SELECTOR, template: TEMPLATE } }),
  object('batch/v1', 'Job', {
    spec: {
      completions: 2,
      completionMode: 'Indexed',
      template: JOB_TEMPLATE,
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }],
      },
    },
  }),
  object('batch/v1', 'CronJob', {
    spec: { schedule: '*/5 * * * *', timeZone: 'UTC', jobTemplate: { spec: { template: JOB_TEMPLATE } } },
  }),
  object('autoscaling/v2', 'HorizontalPodAutoscaler', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5 } },
        },
      ],
    },
  }),
  object('policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: '50%', selector: SELECTOR } }),
  object('networking.k8s.io/v1', 'Ingress', {
    spec: {
      rules: [{ host: 'a.b', http: { paths: [{ path: '/', pathType: 'Prefix', backend: BACKEND }] } }],
    },
  }),
  object('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: { podSelector: SELECTOR, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
  }),
  object('discovery.k8s.io/v1', 'EndpointSlice', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  }),
  object('coordination.k8s.io/v1', 'Lease', {
    spec: { holderIdentity: 'a', leaseDurationSeconds: 9, renewTime: '2026-01-01T00:00:00.000000Z' },
  }),
  object('rbac.authorization.k8s.io/v1', 'ClusterRole', {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    aggregationRule: { clusterRoleSelectors: [SELECTOR] },
  }),
  object('rbac.authorization.k8s.io/v1', 'RoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'u' }],
  }),
  object('scheduling.k8s.io/v1', 'PriorityClass', { value: 5, preemptionPolicy: 'Never' }),
  object('storage.k8s.io/v1', 'StorageClass', { provisioner: 'example.com/p', parameters: { a: 'b' } }),
  object('node.k8s.io/v1', 'RuntimeClass', {
    handler: 'h',
    overhead: { podFixed: { cpu: '1m' } },
    scheduling: { nodeSelector: LABELS, tolerations: [{ operator: 'Exists' }] },
  }),
  object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', { webhooks: [HOOK] }),
  object('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', { webhooks: [HOOK] }),
  object('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', {
    spec: {
      matchConstraints: { resourceRules: [RULE] },
      variables: [{ name: 'v', expression: 'object.metadata.name' }],
      validations: [{ expression: 'variables.v != "bad"', message: 'm', reason: 'Invalid' }],
      auditAnnotations: [{ key: 'k', valueExpression: 'variables.v' }],
      matchConditions: [{ name: 'c', expression: 'true' }],
    },
  }),
  object('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', {
    spec: { policyName: 'a', validationActions: ['Deny'], matchResources: { namespaceSelector: SELECTOR } },
  }),
  object('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicy', {
    spec: {
      matchConstraints: { resourceRules: [RULE] },
      reinvocationPolicy: 'Never',
      mutations: [
        { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } },
        { patchType: 'JSONPatch', jsonPatch: { expression: '[]' } },
      ],
    },
  }),
  object(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    {
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: {
          plural: 'shirts',
          singular: 'shirt',
          kind: 'Shirt',
          listKind: 'ShirtList',
          shortNames: ['s'],
        },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: {
              status: {},
              scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' },
            },
            additionalPrinterColumns: [{ name: 'N', type: 'integer', jsonPath: '.spec.n' }],
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: {
                    type: 'object',
                    required: ['n'],
                    properties: {
                      n: { type: 'integer', minimum: 0, default: 1 },
                      size: { type: 'string', enum: ['S', 'M'], pattern: '^[A-Z]$', maxLength: 3 },
                      when: { type: 'string', format: 'date-time' },
                      any: {
                        'x-kubernetes-int-or-string': true,
                        anyOf: [{ type: 'integer' }, { type: 'string' }],
                      },
                      list: {
                        type: 'array',
                        maxItems: 9,
                        'x-kubernetes-list-type': 'map',
                        'x-kubernetes-list-map-keys': ['k'],
                        items: { type: 'object', required: ['k'], properties: { k: { type: 'string' } } },
                      },
                    },
                    'x-kubernetes-validations': [
                      { rule: 'self.n >= 0', messageExpression: '"n is " + string(self.n)' },
                      { rule: 'self.n >= oldSelf.n', reason: 'FieldValueInvalid', fieldPath: '.n' },
                    ],
                  },
                  status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
              },
            },
          },
        ],
      },
    },
    { name: 'shirts.example.com' },
  ),
  object('example.com/v1', 'Shirt', { spec: { n: 2, size: 'S', any: 1, list: [{ k: 'a' }, { k: 'b' }] } }),
];
