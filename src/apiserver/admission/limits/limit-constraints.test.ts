import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitRangeItem } from '../../../api/generated/core-v1.ts';
import { claimProblems, type Usage, usageProblems } from './limit-constraints.ts';

interface Case {
  item: Omit<LimitRangeItem, 'type'>;
  usage: Usage;
  expected: string[];
}

const cpu = (requests: string | undefined, limits?: string): Usage => ({
  ...(requests === undefined ? {} : { requests: { cpu: requests } }),
  ...(limits === undefined ? {} : { limits: { cpu: limits } }),
});

const CASES: readonly Case[] = [
  { item: { min: { cpu: '100m' } }, usage: cpu('100m'), expected: [] },
  {
    item: { min: { cpu: '100m' } },
    usage: {},
    expected: ['minimum cpu usage per Container is 100m.  No request is specified'],
  },
  {
    item: { min: { cpu: '100m' } },
    usage: cpu('99m', '1'),
    expected: ['minimum cpu usage per Container is 100m, but request is 99m'],
  },
  {
    item: { min: { cpu: '100m' } },
    usage: cpu('1', '50m'),
    expected: ['minimum cpu usage per Container is 100m, but limit is 50m'],
  },
  { item: { max: { cpu: '1' } }, usage: cpu(undefined, '1000m'), expected: [] },
  {
    item: { max: { cpu: '1' } },
    usage: cpu('500m'),
    expected: ['maximum cpu usage per Container is 1.  No limit is specified'],
  },
  {
    item: { max: { cpu: '1' } },
    usage: cpu('500m', '1001m'),
    expected: ['maximum cpu usage per Container is 1, but limit is 1001m'],
  },
  {
    item: { max: { cpu: '1' } },
    usage: cpu('2', '1'),
    expected: ['maximum cpu usage per Container is 1, but request is 2'],
  },
  { item: { maxLimitRequestRatio: { cpu: '1500m' } }, usage: cpu('2', '3'), expected: [] },
  {
    item: { maxLimitRequestRatio: { cpu: '1500m' } },
    usage: cpu('300m', '1'),
    expected: ['cpu max limit to request ratio per Container is 1500m, but provided ratio is 3.333333'],
  },
  {
    item: { maxLimitRequestRatio: { cpu: '2' } },
    usage: cpu('0', '1'),
    expected: [
      'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0',
    ],
  },
  {
    item: { maxLimitRequestRatio: { cpu: '2' } },
    usage: cpu('1'),
    expected: ['cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0'],
  },
  {
    item: { min: { memory: '1Gi', cpu: '1' }, max: { cpu: '2' } },
    usage: { requests: { memory: '1000Mi', cpu: '1' }, limits: { cpu: '3' } },
    expected: [
      'minimum memory usage per Container is 1Gi, but request is 1000Mi',
      'maximum cpu usage per Container is 2, but limit is 3',
    ],
  },
];

for (const [index, { item, usage, expected }] of CASES.entries()) {
  test(`usageProblems, case ${index}: ${expected[0] ?? `nothing wrong with ${JSON.stringify(item)}`}`, () => {
    deepEqual(usageProblems({ type: 'Container', ...item }, usage), expected);
  });
}

test('claimProblems looks at requests only', () => {
  const item = { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } };
  deepEqual(claimProblems(item, { storage: '2Gi' }), []);
  deepEqual(claimProblems(item, { storage: '512Mi' }), [
    'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi',
  ]);
  deepEqual(claimProblems(item, { storage: '3Gi' }), [
    'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
  ]);
  deepEqual(claimProblems({ type: item.type, max: item.max }, {}), [
    'maximum storage usage per PersistentVolumeClaim is 2Gi.  No request is specified',
  ]);
});
