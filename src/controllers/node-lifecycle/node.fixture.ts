/** Nodes for tests, as their kubelets report them. */
import type { Node, Taint } from '../../api/generated/core-v1.ts';

export interface NodeTraits {
  /** Of condition Ready; `null` for a node that has never reported. */
  ready?: 'True' | 'False' | 'Unknown' | null;
  taints?: Taint[];
  labels?: Record<string, string>;
  unschedulable?: boolean;
  /** Conditions that are True besides. */
  pressures?: string[];
}

export function newNode(name: string, traits: NodeTraits = {}): Node {
  const { ready = 'True', taints = [], labels = {}, unschedulable, pressures = [] } = traits;
  const times = { lastHeartbeatTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' };
  const others = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
    type,
    status: ready === 'Unknown' ? 'Unknown' : pressures.includes(type) ? 'True' : 'False',
    ...times,
  }));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `${name}-uid`,
      resourceVersion: '',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels,
    },
    spec: { taints, ...(unschedulable === undefined ? {} : { unschedulable }) },
    status: ready === null ? {} : { conditions: [...others, { type: 'Ready', status: ready, ...times }] },
  };
}
