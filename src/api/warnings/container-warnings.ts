/** What is allowed in containers and hardly meant. @see k8s.io/kubernetes/pkg/api/pod/warnings.go */
import { parseQuantityMilli } from '../../base/quantity.ts';
import type { Container, ContainerPort, EnvVar } from '../generated/core-v1.ts';
import type { ResourceList } from '../resource-list.ts';

const BYTES = ['memory', 'ephemeral-storage'];

export function warningsOfContainer({ env = [], resources = {} }: Container, field: string): string[] {
  const warnings = (['limits', 'requests'] as const).flatMap((part) =>
    fractionalBytes(resources[part], BYTES, `${field}.resources.${part}`),
  );
  return env.length > 1 ? [...warnings, ...hiddenVariables(env, `${field}.env`)] : warnings;
}

/** Nobody has a part of a byte. */
export function fractionalBytes(
  list: ResourceList | undefined,
  names: readonly string[],
  field: string,
): string[] {
  if (list === undefined) return [];
  return names
    .filter((name) => list[name] !== undefined && (parseQuantityMilli(list[name]) ?? 0n) % 1000n !== 0n)
    .map(
      (name) =>
        `${field}[${name}]: fractional byte value ${JSON.stringify(list[name])} is invalid, must be an integer`,
    );
}

/** A variable may build on an earlier one of its name; else the earlier one is lost. */
function hiddenVariables(env: readonly EnvVar[], field: string): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = '', valueFrom }, index) => {
    const isRepeated = seen.has(name);
    seen.add(name);
    const reference = `$(${name})`;
    const builds = valueFrom === undefined && value !== reference && value.includes(reference);
    if (!isRepeated || builds) return [];
    return [
      `${field}[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
    ];
  });
}

interface Place {
  field: string;
  port: ContainerPort;
}

/** How many ports of one number are compared with each other. */
const SAME_MAX = 8;

/** Ports of all containers of a Pod that stand in each other's way. @param containers  each with its field */
export function warningsOfPorts(containers: readonly (readonly [Container, string])[]): string[] {
  const known = new Map<string, Place[]>();
  const warnings: string[] = [];
  for (const [{ ports = [] }, field] of containers) {
    for (const [index, port] of ports.entries()) {
      const place = { field: `${field}.ports[${index}]`, port };
      const key = `${port.containerPort}/${port.protocol ?? 'TCP'}`;
      const others = known.get(key) ?? [];
      warnings.push(...others.flatMap((other) => clash(place, other)));
      if (others.length < SAME_MAX) known.set(key, [...others, place]);
    }
  }
  return warnings;
}

function clash({ field, port }: Place, other: Place): string[] {
  const [ip, otherIp] = [port.hostIP ?? '', other.port.hostIP ?? ''];
  const [host, otherHost] = [port.hostPort ?? 0, other.port.hostPort ?? 0];
  if (ip === otherIp && host === otherHost)
    return [`${field}: duplicate port definition with ${other.field}`];
  if (host === 0 || otherHost === 0) return [`${field}: overlapping port definition with ${other.field}`];
  const isAmbiguous = host === otherHost && (ip === '') !== (otherIp === '');
  return isAmbiguous ? [`${field}: dangerously ambiguous port definition with ${other.field}`] : [];
}
