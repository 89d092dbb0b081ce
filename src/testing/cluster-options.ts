/** What a test may ask of its cluster, checked before anything starts. */

import { suggestion } from '../simulation/scenario/closest.ts';
import type { SimulatedProgram } from '../simulation/sim-program.ts';
import type { NodeShape } from '../simulation/world/sim-node-facts.ts';
import type { Manifests } from './manifests.ts';

export interface ClusterOptions {
  /** How many, or which; default 1. Their names are `node-1`, `node-2`, … */
  nodes?: number | readonly NodeShape[];
  /** What images do when they run. An image that is not named here starts at once and answers everything. */
  programs?: Record<string, SimulatedProgram>;
  /** `listed`: an image without a program cannot be pulled. Default `any`. */
  images?: 'any' | 'listed';
  /** Fixes every random decision; default 1. The same seed, the same run. */
  seed?: number | string;
  /** `virtual` (default): time passes when the test waits for something. `real`: as on the wall. */
  time?: 'virtual' | 'real';
  /** Of real time: 10 lets ten seconds pass in one; default 1. */
  speed?: number;
  /** Also listen on loopback, with a kubeconfig, for clients in any language; default false. */
  https?: boolean;
  /** Applied before the cluster is handed over. */
  manifests?: Manifests;
  /** `false`: nodes are there and ready, and nothing runs on them: the test plays the kubelet. Default true. */
  kubelets?: boolean;
  /** Where controllers and scheduler run: in a process of their own (default), within the server, or so many candidates. */
  controllers?: 'apart' | 'in-server' | number;
  /** Of every message; default none. */
  latencyMs?: { min: number; max: number };
}

type Check = (value: unknown) => string | undefined;

const CHECKS: Readonly<Record<keyof ClusterOptions, Check>> = {
  nodes: checkNodes,
  programs: (value) => (isObject(value) ? undefined : 'an object: image → program'),
  images: oneOf('any', 'listed'),
  seed: (value) => (typeof value === 'string' || isNumber(value) ? undefined : 'a number or a text'),
  time: oneOf('virtual', 'real'),
  speed: (value) => (isNumber(value) && value > 0 ? undefined : 'a number above 0'),
  https: boolean,
  manifests: () => undefined,
  kubelets: boolean,
  controllers: (value) => (isCount(value, 1) ? undefined : oneOf('apart', 'in-server')(value)),
  latencyMs: checkLatency,
};

const NODES_MAX = 5000;
/** @see k8s.io/apimachinery/pkg/util/validation IsDNS1123Subdomain */
const NODE_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** @throws TypeError that names the option, and what was likely meant */
export function checkOptions(options: ClusterOptions): void {
  if (!isObject(options)) throw new TypeError('startCluster: its options are an object');
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name)) {
      throw new TypeError(
        `startCluster: there is no option "${name}"${suggestion(name, Object.keys(CHECKS))}`,
      );
    }
    const expected = value === undefined ? undefined : CHECKS[name as keyof ClusterOptions](value);
    if (expected !== undefined) {
      throw new TypeError(`startCluster: ${name} must be ${expected}, not ${JSON.stringify(value)}`);
    }
  }
  if (options.speed !== undefined && options.time !== 'real') {
    throw new TypeError("startCluster: speed is of real time; add time: 'real', or leave it out");
  }
}

export function shapesOf(nodes: ClusterOptions['nodes'] = 1): readonly NodeShape[] {
  if (typeof nodes !== 'number') return nodes;
  return Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}` }));
}

const NODE_FIELDS = ['name', 'labels', 'taints', 'capacity'];

function checkNodes(value: unknown): string | undefined {
  if (!Array.isArray(value)) {
    return isCount(value, 0) ? undefined : `a number up to ${NODES_MAX}, or a list of { name, … }`;
  }
  const names = new Set<string>();
  for (const shape of value as unknown[]) {
    const name = isObject(shape) ? shape['name'] : undefined;
    if (typeof name !== 'string' || !NODE_NAME.test(name)) return 'a list whose members each have a name';
    if (names.has(name)) return `a list in which each name occurs once (not "${name}")`;
    names.add(name);
    const unknown = Object.keys(shape as object).find((field) => !NODE_FIELDS.includes(field));
    if (unknown !== undefined) return `a list of { ${NODE_FIELDS.join(', ')} } (not "${unknown}")`;
  }
  return undefined;
}

function checkLatency(value: unknown): string | undefined {
  const { min, max } = isObject(value) ? value : {};
  return isNumber(min) && isNumber(max) && min >= 0 && max >= min
    ? undefined
    : '{ min, max } in milliseconds';
}

function boolean(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'true or false';
}

function oneOf(...words: readonly string[]): Check {
  return (value) =>
    words.includes(value as string) ? undefined : words.map((word) => `'${word}'`).join(' or ');
}

function isCount(value: unknown, min: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= NODES_MAX;
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
