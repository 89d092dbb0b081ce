import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '../generated/core-v1.ts';
import { validatePodFields } from './pod-fields.ts';
import { texts } from './problems.fixture.ts';

function problems(spec: Partial<PodSpec>): string[] {
  return texts(validatePodFields({ containers: [], ...spec }, 's'));
}

/** The fields that are complained about. */
function wrong(spec: Partial<PodSpec>): string[] {
  return problems(spec).map((words) => words.split(':')[0]!);
}

test('validatePodFields takes empty names for none, but not where a name is a wish', () => {
  deepEqual(problems({ nodeName: '', priorityClassName: '', hostname: '', serviceAccountName: '' }), []);
  deepEqual(
    wrong({
      nodeName: '_',
      priorityClassName: 'A',
      hostname: 'a.b',
      subdomain: '-',
      serviceAccountName: '.',
    }),
    ['s.serviceAccountName', 's.nodeName', 's.hostname', 's.subdomain', 's.priorityClassName'],
  );
  deepEqual(wrong({ runtimeClassName: '' }), ['s.runtimeClassName']);
  deepEqual(problems({ preemptionPolicy: '' }), ['s.preemptionPolicy: Required value']);
  deepEqual(problems({ schedulingGroup: {} }), [
    's.schedulingGroup.podGroupName: Invalid value: null: must specify one of: `podGroupName`',
  ]);
});

test('validatePodFields judges each field by its own rule, where it stands', () => {
  const ports = [{ containerPort: 1, hostPort: 2 }];
  deepEqual(
    wrong({
      containers: [{ name: 'c', ports }],
      resourceClaims: [{ name: 'r' }],
      hostNetwork: true,
      hostPID: true,
      shareProcessNamespace: true,
      restartPolicy: 'x',
      dnsPolicy: 'None',
      dnsConfig: {},
      nodeSelector: { 'a b': '' },
      securityContext: { runAsUser: -1 },
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
      readinessGates: [{ conditionType: '' }],
      schedulingGates: [{ name: '' }],
      topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }],
      hostUsers: false,
      hostnameOverride: 'a',
      activeDeadlineSeconds: 0,
      terminationGracePeriodSeconds: -1,
      tolerations: [{}],
      hostAliases: [{ ip: '' }],
      preemptionPolicy: 'x',
      overhead: { cpu: '-1' },
      os: { name: 'x' },
    }),
    [
      's.resourceClaims[0]',
      's.containers[0].ports[0].hostPort',
      's.restartPolicy',
      's.dnsConfig.nameservers',
      's.nodeSelector',
      's.securityContext.runAsUser',
      's.shareProcessNamespace',
      's.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms',
      's.readinessGates[0].conditionType',
      's.schedulingGates[0]',
      's.topologySpreadConstraints[0].maxSkew',
      's.hostNetwork',
      's.HostPID',
      's.hostnameOverride',
      's.activeDeadlineSeconds',
      's.terminationGracePeriodSeconds',
      's.tolerations[0].operator',
      's.hostAliases[0].ip',
      's.preemptionPolicy',
      's.overhead.limits[cpu]',
      's.os',
    ],
  );
});
