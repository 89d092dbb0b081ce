/** A plan as a person reads it: the cluster, then what happens when. */
import { formatGoDuration } from '../../base/duration.ts';
import type { Parameters } from '../faults/fault-parameters.ts';
import type { SwarmPlan } from './plan.ts';

export function printPlan({ cluster, objects, faults, actions, chaosMs }: SwarmPlan): string {
  const { nodes, controllers, disk, flushMs, latencyMs, storeLimits } = cluster;
  const steps = [
    ...faults.map(({ atMs, forMs, fault, parameters }) => ({
      atMs,
      text: `${fault} ${print(parameters)}${forMs === undefined ? '' : ` for ${formatGoDuration(forMs)}`}`,
    })),
    ...actions.map(({ atMs, action, parameters }) => ({
      atMs,
      text: `user: ${action} ${print(parameters)}`,
    })),
  ];
  return [
    `cluster   ${nodes} nodes, controllers ${controllers}, disk ${disk} (${flushMs.min} to ${flushMs.max} ms), latency ${latencyMs.min} to ${latencyMs.max} ms`,
    ...Object.entries(storeLimits).map(([name, limit]) => `store     ${name} ${limit}`),
    `objects   ${objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).join(' ') || 'none'}`,
    `chaos     ${formatGoDuration(chaosMs)}`,
    ...steps
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ atMs, text }) => `  ${formatGoDuration(atMs).padStart(10)}  ${text.trimEnd()}`),
  ].join('\n');
}

function print(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ');
}
