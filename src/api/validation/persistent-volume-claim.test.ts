import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolumeClaim } from '../generated/core-v1.ts';
import { validateClaim, validateClaimUpdate } from './persistent-volume-claim.ts';

const SPEC = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const IMMUTABLE =
  'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

const texts = (errors: readonly { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);

const CASES: readonly { spec: object | undefined; expected: string[] }[] = [
  { spec: SPEC, expected: [] },
  {
    spec: undefined,
    expected: [
      'spec.accessModes: Required value: at least 1 access mode is required',
      'spec.resources[storage]: Required value',
    ],
  },
  {
    spec: {
      ...SPEC,
      accessModes: ['ReadWriteOncePod', 'Anyhow'],
      resources: { requests: { storage: '0' } },
      volumeMode: 'Tape',
    },
    expected: [
      'spec.accessModes: Unsupported value: "Anyhow": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
      'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    ],
  },
];

for (const [index, { spec, expected }] of CASES.entries()) {
  test(`validateClaim speaks as upstream, case ${index}`, () => {
    deepEqual(texts(validateClaim({ spec } as never)), expected);
  });
}

const claim = (spec: object, status: object = {}) =>
  ({ metadata: { name: 'a' }, spec: { ...SPEC, ...spec }, status }) as unknown as PersistentVolumeClaim;
const sized = (storage: string) => ({ resources: { requests: { storage } } });
const BOUND = { phase: 'Bound', capacity: { storage: '1Gi' } };

test('validateClaimUpdate lets nothing change but what is not settled yet', () => {
  const update = (spec: object, old: object) => texts(validateClaimUpdate(claim(spec), claim(old)));
  deepEqual(update({ volumeName: 'pv' }, {}), []);
  deepEqual(update({ volumeName: 'other' }, { volumeName: 'pv' }), [IMMUTABLE]);
  deepEqual(update({ storageClassName: 'fast' }, {}), []);
  deepEqual(update({ storageClassName: 'fast' }, { storageClassName: 'slow' }), [IMMUTABLE]);
  deepEqual(update({ storageClassName: 'fast' }, { storageClassName: '' }), [IMMUTABLE]);
  deepEqual(update({ volumeAttributesClassName: 'fast' }, {}), [IMMUTABLE]);
  deepEqual(update(sized('2Gi'), {}), [IMMUTABLE]);
});

test('validateClaimUpdate lets a bound claim grow, and shrink no further than it is', () => {
  const update = (spec: object, old: object) =>
    texts(validateClaimUpdate(claim(spec, BOUND), claim(old, BOUND)));
  deepEqual(update(sized('2Gi'), {}), []);
  deepEqual(update({ volumeAttributesClassName: 'fast' }, {}), []);
  deepEqual(update(sized('1536Mi'), sized('2Gi')), [], 'what could not grow may ask for less');
  deepEqual(update(sized('1Gi'), sized('2Gi')), [
    'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
  ]);
});
