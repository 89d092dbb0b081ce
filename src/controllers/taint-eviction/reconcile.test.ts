import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert, constantFrom, integer, option, property, record } from 'fast-check';
import type { Pod, Taint, Toleration } from '../../api/generated/core-v1.ts';
import { taintedForMs, tolerationMs } from './reconcile.ts';

const NOW = Date.UTC(2026, 0, 1, 1);
const UNREACHABLE: Taint = { key: 'unreachable', effect: 'NoExecute' };
const DISK: Taint = { key: 'disk', value: 'bad', effect: 'NoExecute' };

const cases: [title: string, taints: Taint[], tolerations: Toleration[] | undefined, expectedMs: number][] = [
  ['is without end where nothing is tainted', [], undefined, Number.POSITIVE_INFINITY],
  ['is 0 for a taint that nothing tolerates', [UNREACHABLE], undefined, 0],
  [
    'is 0 when one of two taints is not tolerated',
    [UNREACHABLE, DISK],
    [{ key: 'disk', operator: 'Exists' }],
    0,
  ],
  [
    'is without end for a toleration without seconds',
    [DISK],
    [{ operator: 'Exists' }],
    Number.POSITIVE_INFINITY,
  ],
  [
    'is the shortest of several',
    [UNREACHABLE, DISK],
    [
      { key: 'disk', value: 'bad', tolerationSeconds: 20 },
      { key: 'unreachable', operator: 'Exists', tolerationSeconds: 300 },
    ],
    20_000,
  ],
  [
    'is that of the first toleration that matches, not of the longest',
    [UNREACHABLE],
    [
      { key: 'unreachable', operator: 'Exists', tolerationSeconds: 5 },
      { key: 'unreachable', operator: 'Exists' },
    ],
    5000,
  ],
  ['is 0 for negative seconds', [DISK], [{ operator: 'Exists', tolerationSeconds: -1 }], 0],
];

for (const [title, taints, tolerations, expectedMs] of cases) {
  test(`tolerationMs ${title}`, () => equal(tolerationMs(taints, tolerations), expectedMs));
}

test('tolerationMs never grows with another taint', () => {
  const key = constantFrom('a', 'b', 'c');
  const anyTaint = key.map((name): Taint => ({ key: name, effect: 'NoExecute' }));
  const anyToleration = record({
    key,
    seconds: option(integer({ min: -5, max: 600 }), { nil: undefined }),
  }).map(
    ({ key: name, seconds }): Toleration => ({
      key: name,
      operator: 'Exists',
      ...(seconds === undefined ? {} : { tolerationSeconds: seconds }),
    }),
  );
  assert(
    property(array(anyTaint), anyTaint, array(anyToleration), (taints, more, tolerations) => {
      equal(tolerationMs([...taints, more], tolerations) <= tolerationMs(taints, tolerations), true);
    }),
  );
});

function newPod(createdAt: string, scheduledAt?: string): Pod {
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: scheduledAt ?? createdAt };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', uid: 'p', resourceVersion: '', creationTimestamp: createdAt },
    spec: { containers: [] },
    status: { conditions: scheduledAt === undefined ? [] : [scheduled] },
  };
}

test('taintedForMs counts from the first taint, or from the binding when that is later', () => {
  const taints = [
    { ...UNREACHABLE, timeAdded: '2026-01-01T00:59:00Z' },
    { ...DISK, timeAdded: '2026-01-01T00:58:00Z' },
    { ...DISK, key: 'untimed' },
  ];
  equal(taintedForMs(newPod('2026-01-01T00:00:00Z'), taints, NOW), 120_000);
  equal(taintedForMs(newPod('2026-01-01T00:00:00Z', '2026-01-01T00:59:30Z'), taints, NOW), 30_000);
  equal(taintedForMs(newPod('2026-01-01T02:00:00Z'), taints, NOW), 0);
  equal(taintedForMs(newPod('2026-01-01T00:00:00Z'), [DISK], NOW), 0);
});
