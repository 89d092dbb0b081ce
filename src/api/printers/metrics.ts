/** `kubectl get nodes.metrics.k8s.io`: what `kubectl top` shows, uncooked. @see kubernetes-sigs/metrics-server pkg/api/table.go */

import { addQuantities } from '../resource-list.ts';
import type { NodeMetrics, PodMetrics } from '../resources/metrics.ts';
import { type KindPrinter, NAME, text } from './column.ts';

const COLUMNS = [
  NAME,
  text('cpu', 'Cores, as a mean over the window'),
  text('memory', 'What cannot be given back'),
  text('Window', 'The time that was measured'),
];

export const nodeMetricsPrinter: KindPrinter<NodeMetrics> = {
  columns: COLUMNS,
  cells: ({ metadata, usage, window }) => [metadata.name, usage.cpu, usage.memory, window],
};

export const podMetricsPrinter: KindPrinter<PodMetrics> = {
  columns: COLUMNS,
  cells: ({ metadata, containers, window }) => {
    const sum = (name: 'cpu' | 'memory') =>
      containers.reduce((total, { usage }) => addQuantities(total, usage[name]), '0');
    return [metadata.name, sum('cpu'), sum('memory'), window];
  },
};
