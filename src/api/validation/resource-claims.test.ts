import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceClaim } from '../generated/core-v1.ts';
import { texts } from './problems.fixture.ts';
import { validatePodResourceClaims, validateUsedClaims } from './resource-claims.ts';

test('validatePodResourceClaims wants each claim by one name of its own, from one source', () => {
  const gpu = { name: 'gpu', resourceClaimName: 'a' };
  const both = { name: 'both', resourceClaimName: 'a', resourceClaimTemplateName: 'b' };
  deepEqual(
    texts(validatePodResourceClaims([gpu, { name: 'nic', resourceClaimTemplateName: 'b' }], 'r')),
    [],
  );
  deepEqual(texts(validatePodResourceClaims([gpu, gpu, { name: '' }, both], 'r')), [
    'r[1].name: Duplicate value: "gpu"',
    'r[2].name: Required value',
    'r[2]: Invalid value: {"name":""}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
    `r[3]: Invalid value: ${JSON.stringify(both)}: at most one of \`resourceClaimName\` or \`resourceClaimTemplateName\` may be specified`,
  ]);
});

test('validateUsedClaims wants claims of the Pod, each of their requests once', () => {
  const of = (used: ResourceClaim[], ...names: string[]): string[] => {
    const resourceClaims = names.map((name) => ({ name }));
    return texts(validateUsedClaims(used, 'c', { containers: [], resourceClaims }));
  };
  const one = { name: 'gpu', request: 'one' };
  deepEqual(of([one, { name: 'gpu', request: 'two' }, { name: 'nic' }], 'nic', 'gpu'), []);
  deepEqual(of([one, one, { name: 'gpu' }, one], 'gpu'), [
    'c[1]: Duplicate value: "gpu/one"',
    'c[2]: Duplicate value: "gpu"',
    'c[3]: Duplicate value: "gpu"',
  ]);
  deepEqual(of([{ name: '' }, { name: 'x' }], 'nic', 'gpu'), [
    'c[0]: Required value',
    'c[1]: Not found: "x": must be one of the names in pod.spec.resourceClaims: gpu, nic',
  ]);
  deepEqual(of([{ name: 'x' }]), [
    'c[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty',
  ]);
});
