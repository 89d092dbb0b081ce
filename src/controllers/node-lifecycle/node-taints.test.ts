import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { assert, constantFrom, property, record, uniqueArray } from 'fast-check';
import type { Taint } from '../../api/generated/core-v1.ts';
import { newNode } from './node.fixture.ts';
import { type NodeTaintsPlan, type ObservedEviction, reconcileNodeTaints } from './node-taints.ts';

const NOW = Date.UTC(2026, 0, 1, 1);
const DUE: ObservedEviction = { notReadyForMs: 5000, isClusterDown: false, turn: { kind: 'now' } };

function show(taints: readonly Taint[] | undefined): string[] | undefined {
  return taints?.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`);
}

function taint(key: string, effect: string): Taint {
  return { key: `node.kubernetes.io/${key}`, effect, timeAdded: '2026-01-01T00:30:00Z' };
}

const cases: [
  title: string,
  node: ReturnType<typeof newNode>,
  observed: ObservedEviction,
  expected: unknown,
][] = [
  ['nothing on a healthy node', newNode('n'), DUE, undefined],
  [
    'unreachable on a node that is unknown',
    newNode('n', { ready: 'Unknown' }),
    DUE,
    ['unreachable:NoSchedule', 'unreachable:NoExecute'],
  ],
  [
    'not-ready on a node that says so',
    newNode('n', { ready: 'False' }),
    DUE,
    ['not-ready:NoSchedule', 'not-ready:NoExecute'],
  ],
  [
    'only NoSchedule within the dwell time',
    newNode('n', { ready: 'Unknown' }),
    { ...DUE, notReadyForMs: 4999 },
    ['unreachable:NoSchedule'],
  ],
  [
    'only NoSchedule while the zone is halted',
    newNode('n', { ready: 'Unknown' }),
    { ...DUE, turn: { kind: 'halted' } },
    ['unreachable:NoSchedule'],
  ],
  [
    'a swap of both when an unreachable node says that it is not ready, without a new turn',
    newNode('n', {
      ready: 'False',
      taints: [taint('unreachable', 'NoSchedule'), taint('unreachable', 'NoExecute')],
    }),
    { ...DUE, notReadyForMs: 0, turn: { kind: 'halted' } },
    ['not-ready:NoSchedule', 'not-ready:NoExecute'],
  ],
  [
    'no NoExecute while the whole cluster is down',
    newNode('n', {
      ready: 'Unknown',
      taints: [taint('unreachable', 'NoSchedule'), taint('unreachable', 'NoExecute')],
    }),
    { ...DUE, isClusterDown: true },
    ['unreachable:NoSchedule'],
  ],
  [
    'none of ours, and all of others, when the node is back',
    newNode('n', {
      taints: [
        taint('unreachable', 'NoSchedule'),
        { key: 'team', value: 'x', effect: 'NoExecute' },
        taint('unreachable', 'NoExecute'),
        taint('out-of-service', 'NoExecute'),
      ],
    }),
    DUE,
    ['team:NoExecute', 'out-of-service:NoExecute'],
  ],
  [
    'one for each pressure, and one for a cordon',
    newNode('n', { pressures: ['MemoryPressure', 'DiskPressure', 'PIDPressure'], unschedulable: true }),
    DUE,
    [
      'memory-pressure:NoSchedule',
      'disk-pressure:NoSchedule',
      'pid-pressure:NoSchedule',
      'unschedulable:NoSchedule',
    ],
  ],
];

for (const [title, node, observed, expected] of cases) {
  test(`reconcileNodeTaints puts ${title}`, () => {
    deepEqual(show(reconcileNodeTaints(node, observed, NOW).taints), expected);
  });
}

test('reconcileNodeTaints says of a node to be emptied whether it waits or takes its turn, and how long', () => {
  const node = newNode('n', { ready: 'Unknown' });
  const turnOf = ({ eviction, requeueAfterMs }: NodeTaintsPlan) => ({ eviction, requeueAfterMs });
  const plan = (observed: ObservedEviction) => turnOf(reconcileNodeTaints(node, observed, NOW));
  deepEqual(plan(DUE), { eviction: 'taking', requeueAfterMs: undefined });
  deepEqual(plan({ ...DUE, turn: { kind: 'wait', waitMs: 700 } }), {
    eviction: 'waiting',
    requeueAfterMs: 700,
  });
  deepEqual(plan({ ...DUE, turn: { kind: 'halted' } }), { eviction: 'waiting', requeueAfterMs: undefined });
  deepEqual(plan({ ...DUE, notReadyForMs: 1000 }), { eviction: 'none', requeueAfterMs: 4000 });
  deepEqual(plan({ ...DUE, isClusterDown: true }), { eviction: 'none', requeueAfterMs: undefined });
});

test('reconcileNodeTaints keeps the time of a taint that stays, and gives new ones theirs', () => {
  const kept = taint('unreachable', 'NoSchedule');
  const { taints } = reconcileNodeTaints(newNode('n', { ready: 'Unknown', taints: [kept] }), DUE, NOW);
  deepEqual(taints, [kept, { ...taint('unreachable', 'NoExecute'), timeAdded: '2026-01-01T01:00:00Z' }]);
});

test('reconcileNodeTaints reaches in one step what it then leaves alone, and never touches taints of others', () => {
  const keys = ['unreachable', 'not-ready', 'memory-pressure', 'unschedulable', 'out-of-service', 'team'];
  const anyTaint = record({ key: constantFrom(...keys), effect: constantFrom('NoSchedule', 'NoExecute') });
  const id = (one: Taint) => `${one.key}:${one.effect}`;
  assert(
    property(
      constantFrom<'True' | 'False' | 'Unknown'>('True', 'False', 'Unknown'),
      uniqueArray(anyTaint, { selector: id }),
      constantFrom<ObservedEviction>(
        DUE,
        { ...DUE, isClusterDown: true },
        { ...DUE, turn: { kind: 'halted' } },
      ),
      (ready, found, observed) => {
        const taints = found.map(({ key, effect }) => taint(key, effect));
        const node = newNode('n', { ready, taints });
        const first = reconcileNodeTaints(node, observed, NOW).taints ?? taints;
        equal(reconcileNodeTaints(newNode('n', { ready, taints: first }), observed, NOW).taints, undefined);
        const foreign = (all: readonly Taint[]) =>
          all.filter(({ key }) => key.endsWith('out-of-service') || key.endsWith('team'));
        deepEqual(foreign(first), foreign(taints));
        equal(new Set(first.map(id)).size, first.length);
      },
    ),
  );
});
