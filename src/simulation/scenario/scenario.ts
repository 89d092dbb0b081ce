/**
 * A scenario: a cluster, what users do to it, what goes wrong, and what must come of it, all at exact virtual times. It is
 * read from YAML or from a value of the same shape by `parse-scenario.ts`, and run by `run-scenario.ts`.
 */
import type { SimulatedProgram } from '../sim-program.ts';
import type { NodeShape } from '../world/sim-node.ts';
import type { WorldOptions } from '../world/world.ts';
import type { Condition } from './condition.ts';
import type { HistoryCondition } from './history-condition.ts';
import type { Manifest } from './manifest.ts';
import type { Refusal, StepRun } from './step-actions.ts';
import type { Timing } from './timing.ts';

/** Times are virtual, ms since the scenario's beginning: when all nodes are ready. */
export interface Scenario {
  name: string;
  description: string | undefined;
  seed: number | string;
  cluster: ScenarioCluster;
  /** By image. */
  programs: Record<string, SimulatedProgram>;
  /** Applied at time 0. */
  manifests: readonly Manifest[];
  /** In order of their times. */
  steps: readonly ScenarioStep[];
  swarm: ScenarioSwarm | undefined;
  expect: readonly Expectation[];
  durationMs: number;
  /** After the end all faults are taken back; within this time what is desired must be observed. */
  healWithinMs: number | undefined;
}

export interface ScenarioCluster
  extends Pick<WorldOptions, 'latencyMs' | 'watchdog' | 'controllers' | 'disk'> {
  nodes: readonly NodeShape[];
}

export interface ScenarioStep {
  atMs: number;
  /** Where it is written. */
  place: string;
  run: StepRun;
  /** Absent: the API must do it. */
  refused: Refusal | undefined;
}

/** Faults that the seed chooses. */
export interface ScenarioSwarm {
  fromMs: number;
  untilMs: number;
  count: number;
  /** Of which; default all. */
  faults: readonly string[];
}

export type Expectation = { place: string } & (
  | { condition: Condition; timing: Timing }
  | { history: HistoryCondition }
);
