/**
 * What PersistentVolumeClaims count for in quotas: alone, and under the name of their class.
 *
 * @see kubernetes/kubernetes pkg/quota/v1/evaluator/core/persistent_volume_claims.go
 */
import { compareQuantities, parseQuantityMilli } from '../../base/quantity.ts';
import type { PersistentVolumeClaim } from '../generated/core-v1.ts';
import type { ResourceList } from '../resource-list.ts';
import { toLabelMatcher } from '../selectors.ts';
import { claimAttributesClasses, claimClass } from '../storage-classes.ts';
import { formatQuantity } from '../validation/structural-quantity.ts';
import type { QuotaEvaluator, ScopeRequirement } from './evaluator.ts';
import { selectorOf } from './scope-selector.ts';

const COUNT = 'count/persistentvolumeclaims';
const CLAIMS = 'persistentvolumeclaims';
const STORAGE = 'requests.storage';
const CLASS_SUFFIX = '.storageclass.storage.k8s.io/';

export const CLAIM_EVALUATOR: QuotaEvaluator<PersistentVolumeClaim> = {
  matchesResource: (name) =>
    name === COUNT || [CLAIMS, STORAGE].some((one) => name === one || name.endsWith(`${CLASS_SUFFIX}${one}`)),
  matchesScope: matchesClaimScope,
  usage: claimUsage,
  handles: (operation, subresource) =>
    subresource === '' ? operation === 'CREATE' || operation === 'UPDATE' : subresource === 'status',
};

function claimUsage(claim: PersistentVolumeClaim): ResourceList {
  const storageClass = claimClass(claim);
  const storage = storageOf(claim);
  const usage: Record<string, string> = { [COUNT]: '1', [CLAIMS]: '1' };
  if (storage !== undefined) usage[STORAGE] = storage;
  if (!storageClass) return usage;
  usage[`${storageClass}${CLASS_SUFFIX}${CLAIMS}`] = '1';
  if (storage !== undefined) usage[`${storageClass}${CLASS_SUFFIX}${STORAGE}`] = storage;
  return usage;
}

/** What is asked for, or what a resize has got already where that is more; in whole bytes. */
function storageOf({ spec, status }: PersistentVolumeClaim): string | undefined {
  const asked = spec.resources?.requests?.['storage'];
  const allocated = status?.allocatedResources?.['storage'];
  if (asked === undefined) return undefined;
  return wholeQuantity(
    allocated !== undefined && compareQuantities(allocated, asked) > 0 ? allocated : asked,
  );
}

function wholeQuantity(quantity: string): string {
  const milli = parseQuantityMilli(quantity) ?? 0n;
  const excess = milli % 1000n;
  return excess === 0n ? quantity : formatQuantity(milli - excess + 1000n, quantity);
}

function matchesClaimScope(requirement: ScopeRequirement, claim: PersistentVolumeClaim): boolean {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false;
  const matches = toLabelMatcher([selectorOf(requirement)]);
  const names = claimAttributesClasses(claim);
  return names.length === 0 ? matches({}) : names.some((name) => matches({ VolumeAttributesClass: name }));
}
