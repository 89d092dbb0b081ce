/** Nodes, Pods and decisions for the scheduler's tests. */
import assert from 'node:assert/strict';
import type { Node, Pod } from '../api/generated/core-v1.ts';
import { newSelectorMatcher } from '../api/selectors.ts';
import { newSeededRandom } from '../simulation/sim-random.ts';
import { newPodInfo, type PodInfo } from './pod-info.ts';
import { type ScheduleOutcome, schedulePod } from './schedule-pod.ts';
import { ClusterSnapshot } from './snapshot.ts';

export interface NodeShape {
  cpu?: string;
  labels?: Record<string, string>;
  spec?: object;
}

export function newNode(name: string, { cpu = '4', labels = {}, spec = {} }: NodeShape = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
  } as unknown as Node;
}

export function inZone(zone: string, shape: NodeShape = {}): NodeShape {
  return { ...shape, labels: { ...shape.labels, 'topology.kubernetes.io/zone': zone } };
}

export interface PodShape {
  namespace?: string;
  labels?: Record<string, string>;
  /** Of its one container. */
  cpu?: string;
  metadata?: object;
  spec?: object;
  status?: object;
}

export function newPod(name: string, shape: PodShape = {}): Pod {
  const { namespace = 'default', labels = {}, cpu, metadata = {}, spec = {}, status = {} } = shape;
  const resources = cpu === undefined ? {} : { requests: { cpu } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `uid-of-${name}`, labels, ...metadata },
    spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec },
    status,
  } as unknown as Pod;
}

/** Pods with the same label `app` belong together by default. */
export function snapshotOf(...nodes: Node[]): ClusterSnapshot {
  const snapshot = new ClusterSnapshot(({ metadata }) => {
    const app = metadata.labels?.['app'];
    return app === undefined ? undefined : newSelectorMatcher({ matchLabels: { app } });
  });
  for (const each of nodes) snapshot.setNode(each);
  return snapshot;
}

export function decide(cluster: ClusterSnapshot, wanted: Pod | PodInfo, seed = 1): ScheduleOutcome {
  const info = 'pod' in wanted ? wanted : newPodInfo(wanted);
  return schedulePod(info, { cluster, start: 0, random: newSeededRandom(seed) });
}

export function boundTo(cluster: ClusterSnapshot, wanted: Pod, seed = 1): string {
  const outcome = decide(cluster, wanted, seed);
  assert.ok('bound' in outcome, 'bound' in outcome ? '' : outcome.rejections.message());
  return outcome.bound;
}

export function refusal(cluster: ClusterSnapshot, wanted: Pod): string {
  const outcome = decide(cluster, wanted);
  assert.ok('rejections' in outcome, `bound to ${'bound' in outcome ? outcome.bound : ''}`);
  return outcome.rejections.message();
}

/** Decides on each of `pods` and places it; the names of their nodes. */
export function placeAll(cluster: ClusterSnapshot, pods: readonly Pod[]): string[] {
  return pods.map((pod) => {
    const nodeName = boundTo(cluster, pod);
    cluster.place(newPodInfo(pod), nodeName);
    return nodeName;
  });
}
