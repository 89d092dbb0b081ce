/** Budgets, their Pods and owners, for tests. */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import type {
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
  PodDisruptionBudgetStatus,
} from '../../api/generated/policy-v1.ts';

const labels = { app: 'web' };

function metadata(name: string, owner?: OwnerReference) {
  return {
    name,
    namespace: 'a',
    uid: name,
    resourceVersion: '',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels,
    ...(owner === undefined ? {} : { ownerReferences: [owner] }),
  };
}

export function newOwner(kind: string, name: string, apiVersion = 'apps/v1'): OwnerReference {
  return { apiVersion, kind, name, uid: name, controller: true };
}

export function newBudget(
  spec: PodDisruptionBudgetSpec,
  status?: PodDisruptionBudgetStatus,
): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata('budget'),
    spec: { selector: { matchLabels: labels }, ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

export interface BudgetedPod {
  ready?: boolean;
  deleted?: boolean;
  owner?: OwnerReference;
}

export function newPod(name: string, { ready = true, deleted = false, owner }: BudgetedPod = {}): Pod {
  const deletion = deleted
    ? { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 }
    : {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata(name, owner), ...deletion },
    spec: { containers: [], nodeName: 'n' },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

export function newDeployment(name: string, replicas: number): Deployment {
  const spec = { replicas, selector: { matchLabels: labels }, template: {} };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata(name), spec };
}

export function newReplicaSet(name: string, replicas: number, owner?: OwnerReference): ReplicaSet {
  const spec = { replicas, selector: { matchLabels: labels }, template: {} };
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: metadata(name, owner), spec };
}
