/**
 * What a Deployment writes on its ReplicaSets besides their size: the revision, the sizes that it wanted when it last
 * scaled them (by which it knows that it has been scaled), and copies of its own annotations.
 * @see k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go
 */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { maxSurgeOf } from './budget.ts';

export type Annotations = Readonly<Record<string, string>>;

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

/** Source: maxRevHistoryLengthInChars. */
const HISTORY_LENGTH_MAX = 2000;

/** 0 when absent or unreadable. */
export function revisionOf(object: { metadata: { annotations?: Record<string, string> } }): number {
  return countIn(object.metadata.annotations, REVISION) ?? 0;
}

export function maxRevision(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((max, rs) => Math.max(max, revisionOf(rs)), 0);
}

export function countIn(annotations: Annotations | undefined, name: string): number | undefined {
  const text = annotations?.[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The sizes that the Deployment wants at this moment. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const desired = deployment.spec.replicas ?? 1;
  return {
    [DESIRED_REPLICAS]: String(desired),
    [MAX_REPLICAS]: String(desired + maxSurgeOf(deployment)),
  };
}

/** Those of a ReplicaSet that is about to be created at `revision`. */
export function newReplicaSetAnnotations(deployment: Deployment, revision: number): Annotations {
  return { ...copied(deployment), [REVISION]: String(revision), ...sizeAnnotations(deployment) };
}

/**
 * Those of the current ReplicaSet, brought up to date: a rollback gives an old one a new revision, and its history keeps
 * the revisions that it had. The same object when nothing changes.
 */
export function updatedAnnotations(deployment: Deployment, rs: ReplicaSet, revision: number): Annotations {
  const current: Annotations = rs.metadata.annotations ?? {};
  const updates: Record<string, string> = { ...copied(deployment) };
  const oldRevision = revisionOf(rs);
  if (oldRevision < revision) {
    updates[REVISION] = String(revision);
    if (oldRevision > 0) updates[REVISION_HISTORY] = appendHistory(current[REVISION_HISTORY], oldRevision);
  }
  const isChanged = Object.entries(updates).some(([name, value]) => current[name] !== value);
  return isChanged ? { ...current, ...updates } : current;
}

function appendHistory(history: string | undefined, revision: number): string {
  const revisions = history === undefined || history === '' ? [] : history.split(',');
  revisions.push(String(revision));
  while (revisions.join(',').length > HISTORY_LENGTH_MAX) revisions.shift();
  return revisions.join(',');
}

function copied(deployment: Deployment): Annotations {
  const entries = Object.entries(deployment.metadata.annotations ?? {});
  return Object.fromEntries(entries.filter(([name]) => !NOT_COPIED.has(name)));
}
