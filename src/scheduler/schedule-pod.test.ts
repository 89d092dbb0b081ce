import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Node, Pod } from '../api/generated/core-v1.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newPodInfo } from './node-info.ts';
import { feasibleEnough, schedulePod } from './schedule-pod.ts';
import { ClusterSnapshot } from './snapshot.ts';

const META = {
  namespace: 'default',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
};

interface NodeShape {
  cpu?: string;
  labels?: Record<string, string>;
  spec?: object;
}

function node(name: string, { cpu = '4', labels = {}, spec = {} }: NodeShape = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...META, name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
  } as unknown as Node;
}

function pod(name: string, spec: object = {}, owner?: string): Pod {
  const ownerReferences =
    owner === undefined
      ? []
      : [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...META, name, ownerReferences },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }], ...spec },
  } as unknown as Pod;
}

function snapshotOf(...nodes: Node[]): ClusterSnapshot {
  const snapshot = new ClusterSnapshot();
  for (const each of nodes) snapshot.setNode(each);
  return snapshot;
}

function decide(snapshot: ClusterSnapshot, wanted: Pod, seed = 1) {
  return schedulePod(newPodInfo(wanted), { nodes: snapshot.nodes, start: 0, random: newSeededRandom(seed) });
}

function boundTo(snapshot: ClusterSnapshot, wanted: Pod): string {
  const outcome = decide(snapshot, wanted);
  assert.ok('bound' in outcome, JSON.stringify(outcome));
  return outcome.bound;
}

function refusal(snapshot: ClusterSnapshot, wanted: Pod): string {
  const outcome = decide(snapshot, wanted);
  assert.ok('unschedulable' in outcome);
  return outcome.unschedulable;
}

test('schedulePod says why no node fits, in the words of Kubernetes', () => {
  const tainted = node('c', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } });
  const snapshot = snapshotOf(
    node('a', { cpu: '500m' }),
    node('b', { spec: { unschedulable: true } }),
    tainted,
  );
  assert.equal(
    refusal(snapshot, pod('p')),
    '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were unschedulable. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
  );
  assert.equal(refusal(snapshotOf(), pod('p')), 'no nodes available to schedule pods');
});

test('schedulePod follows node selectors and required affinity', () => {
  const snapshot = snapshotOf(node('a'), node('b', { labels: { disk: 'ssd', size: '7' } }));
  assert.equal(boundTo(snapshot, pod('p', { nodeSelector: { disk: 'ssd' } })), 'b');
  const required = (expression: object) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [expression] }],
        },
      },
    },
  });
  assert.equal(boundTo(snapshot, pod('p', required({ key: 'size', operator: 'Gt', values: ['5'] }))), 'b');
  assert.equal(boundTo(snapshot, pod('p', required({ key: 'disk', operator: 'DoesNotExist' }))), 'a');
  assert.match(
    refusal(snapshot, pod('p', { nodeSelector: { disk: 'tape' } })),
    /2 node\(s\) didn't match Pod's node affinity\/selector/,
  );
});

test('schedulePod lets tolerations pass taints and keeps host ports apart', () => {
  const snapshot = snapshotOf(node('a', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }));
  assert.equal(boundTo(snapshot, pod('p', { tolerations: [{ key: 'k', operator: 'Exists' }] })), 'a');
  const ports = (hostIP?: string) => ({
    tolerations: [{ operator: 'Exists' }],
    containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 80, hostIP }] }],
  });
  snapshot.setPod(pod('taken', { ...ports('10.0.0.1'), nodeName: 'a' }));
  assert.match(refusal(snapshot, pod('p', ports())), /didn't have free ports for the requested pod ports/);
  assert.equal(boundTo(snapshot, pod('p', ports('10.0.0.2'))), 'a');
});

test('schedulePod spreads the Pods of one owner over nodes', () => {
  const snapshot = snapshotOf(node('a'), node('b'), node('c'));
  const used: string[] = [];
  for (let i = 0; i < 6; i++) {
    const next = pod(`p${i}`, { containers: [{ name: 'c', image: 'i' }] }, 'rs');
    const name = boundTo(snapshot, next);
    snapshot.place(newPodInfo(next), name);
    used.push(name);
  }
  for (const name of ['a', 'b', 'c'])
    assert.equal(used.filter((other) => other === name).length, 2, used.join());
});

test('schedulePod never overcommits what Pods request, whatever comes and goes', () => {
  const cpu = fc.integer({ min: 100, max: 3000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(cpu, fc.boolean()), { maxLength: 60 }), fc.integer(), (steps, seed) => {
      const snapshot = snapshotOf(node('a'), node('b', { cpu: '2' }));
      const placed: string[] = [];
      steps.forEach(([millis, remove], index) => {
        if (remove && placed.length > 0) snapshot.removePod(`default/${placed.shift()}`);
        const next = pod(`p${index}`, {
          containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: `${millis}m` } } }],
        });
        const outcome = decide(snapshot, next, seed);
        if (!('bound' in outcome)) return;
        snapshot.place(newPodInfo(next), outcome.bound);
        placed.push(next.metadata.name);
      });
      for (const info of snapshot.nodes) {
        assert.ok((info.requested.get('cpu') ?? 0) <= info.allocatable.get('cpu')!);
      }
    }),
  );
});

test('feasibleEnough looks at all of few nodes and at a share of many', () => {
  assert.equal(feasibleEnough(80), 80);
  assert.equal(feasibleEnough(1000), 420);
  assert.equal(feasibleEnough(5000), 500);
});

test('ClusterSnapshot keeps Pods of a node that comes later or comes back', () => {
  const snapshot = snapshotOf();
  snapshot.setPod(pod('p', { nodeName: 'late' }));
  snapshot.setNode(node('late'));
  assert.equal(snapshot.node('late')!.requested.get('cpu'), 1000);
  snapshot.removeNode('late');
  snapshot.setNode(node('late'));
  assert.equal(snapshot.node('late')!.requested.get('cpu'), 1000);
  snapshot.removePod('default/p');
  assert.equal(snapshot.node('late')!.requested.get('cpu'), 0);
});
