/**
 * What a kind of objects counts for in quotas, and which quotas count it. One evaluator for each kind that counts for more
 * than its number; every other kind counts as `count/<resource>.<group>`.
 *
 *     quota.hard ── matchesResource ──┐
 *     quota.scopes ── matchesScope ───┴─ it counts the object ── usage ── how much
 *
 * @see k8s.io/apiserver/pkg/quota/v1/interfaces.go, generic/evaluator.go
 */
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../generated/core-v1.ts';
import type { KubeObject } from '../meta.ts';
import type { ResourceList } from '../resource-list.ts';
import { CLAIM_EVALUATOR } from './claim-evaluator.ts';
import { countName } from './count-name.ts';
import { RESOURCE_CLAIM_EVALUATOR } from './device-evaluator.ts';
import { POD_EVALUATOR } from './pod-evaluator.ts';
import { SERVICE_EVALUATOR } from './service-evaluator.ts';

export type ScopeRequirement = ScopedResourceSelectorRequirement;

export interface QuotaEvaluator<T = KubeObject> {
  /** Whether objects of the kind count for `name` of a quota. */
  matchesResource(name: string): boolean;
  matchesScope(requirement: ScopeRequirement, object: T): boolean;
  /** What `object` counts for now. @param nowMs  wall time */
  usage(object: T, nowMs: number): ResourceList;
  /** Whether a write of this sort can raise the usage; without it, only creations do. */
  handles?(operation: string, subresource: string): boolean;
  /** Why a quota of `names` cannot judge `object`: `must specify cpu for: web`. */
  problem?(names: readonly string[], object: T): string | undefined;
  /** Only numbers of objects count, in whatever state they are. */
  isCountOnly?: true;
}

/** Names of a time before `count/`. */
const LEGACY_NAMES: Readonly<Record<string, string>> = {
  'count/configmaps': 'configmaps',
  'count/replicationcontrollers': 'replicationcontrollers',
  'count/resourcequotas': 'resourcequotas',
  'count/secrets': 'secrets',
};

const SPECIAL: Readonly<Record<string, QuotaEvaluator<never>>> = {
  'count/persistentvolumeclaims': CLAIM_EVALUATOR,
  'count/pods': POD_EVALUATOR,
  'count/resourceclaims.resource.k8s.io': RESOURCE_CLAIM_EVALUATOR,
  'count/services': SERVICE_EVALUATOR,
};

/** `undefined` for what no quota counts: Events, what is not stored, what is outside namespaces. */
export function quotaEvaluatorOf(row: {
  group: string;
  resource: string;
  namespaced: boolean;
  virtual: boolean;
}): QuotaEvaluator | undefined {
  if (!row.namespaced || row.virtual || row.resource === 'events') return undefined;
  const name = countName(row);
  return (SPECIAL[name] as QuotaEvaluator | undefined) ?? newCountEvaluator(name, LEGACY_NAMES[name]);
}

function newCountEvaluator(name: string, legacyName: string | undefined): QuotaEvaluator {
  const usage: ResourceList = legacyName === undefined ? { [name]: '1' } : { [name]: '1', [legacyName]: '1' };
  return {
    matchesResource: (wanted) => wanted === name || wanted === legacyName,
    matchesScope: () => false,
    usage: () => usage,
    isCountOnly: true,
  };
}

/** `scopes` and `scopeSelector` of a quota as requirements; all must hold. */
function scopeRequirements({ spec }: ResourceQuota): ScopeRequirement[] {
  const scopes = (spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...scopes, ...(spec.scopeSelector?.matchExpressions ?? [])];
}

/** Whether `quota`, of which only the scopes are looked at, is about `object`. */
export function isInScope(evaluator: QuotaEvaluator, quota: ResourceQuota, object: KubeObject): boolean {
  return scopeRequirements(quota).every((requirement) => evaluator.matchesScope(requirement, object));
}
