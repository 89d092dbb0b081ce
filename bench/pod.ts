/** The Pod that benchmarks store and send: 3.3 KB of JSON, shaped as a running Pod of a Deployment is. */

export type BenchPod = Readonly<Record<string, unknown>> & {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
};

const CONDITIONS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
const TIMESTAMP = '2026-01-02T03:04:05Z';

export function newBenchPod(name: string, namespace = 'default'): BenchPod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: newMetadata(name, namespace),
    spec: newSpec(),
    status: newStatus(),
  };
}

function newMetadata(name: string, namespace: string): BenchPod['metadata'] {
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'web-7c5ddbdf54',
    uid: 'f1a2b3c4-1111-4222-8333-444455556666',
    controller: true,
    blockOwnerDeletion: true,
  };
  const metadata = {
    name,
    generateName: 'web-7c5ddbdf54-',
    namespace,
    labels: { app: 'web', 'pod-template-hash': '7c5ddbdf54', tier: 'frontend' },
    annotations: { 'example.com/config': 'c'.repeat(20) },
    ownerReferences: [owner],
  };
  return metadata;
}

function newSpec(): object {
  const probe = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  return {
    volumes: [{ name: 'config', configMap: { name: 'web', defaultMode: 420 } }],
    containers: [
      {
        name: 'web',
        image: 'registry.example.com/web:1.2.3',
        ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
        env: Array.from({ length: 12 }, (_, i) => ({ name: `SETTING_${i}`, value: `value of setting ${i}` })),
        resources: { limits: { memory: '128Mi' }, requests: { cpu: '100m', memory: '64Mi' } },
        volumeMounts: [{ name: 'config', readOnly: true, mountPath: '/etc/web' }],
        livenessProbe: { httpGet: { path: '/health', port: 'http', scheme: 'HTTP' }, ...probe },
        readinessProbe: { httpGet: { path: '/ready', port: 'http', scheme: 'HTTP' }, ...probe },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
    securityContext: {},
    schedulerName: 'default-scheduler',
    tolerations: ['not-ready', 'unreachable'].map((condition) => ({
      key: `node.kubernetes.io/${condition}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })),
    enableServiceLinks: true,
  };
}

function newStatus(): object {
  return {
    phase: 'Running',
    conditions: CONDITIONS.map((type) => ({
      type,
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: TIMESTAMP,
    })),
    hostIP: '127.0.0.1',
    podIP: '127.64.0.17',
    podIPs: [{ ip: '127.64.0.17' }],
    startTime: TIMESTAMP,
    containerStatuses: [
      {
        name: 'web',
        state: { running: { startedAt: TIMESTAMP } },
        lastState: {},
        ready: true,
        restartCount: 0,
        image: 'registry.example.com/web:1.2.3',
        imageID: 'registry.example.com/web@sha256:0123456789abcdef0123456789abcdef',
        containerID: 'process://0123456789abcdef0123456789abcdef0123456789abcdef',
        started: true,
      },
    ],
    qosClass: 'Burstable',
  };
}
