/** The whole walkthrough on one cluster: first what happens to single applications, side by side, then what happens to nodes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cluster, reasonToSkip, startCluster } from './cluster.ts';
import { COMPONENT_SCENARIOS } from './component-scenarios.ts';
import { NODE_SCENARIOS } from './node-scenarios.ts';
import { POD_SCENARIOS } from './pod-scenarios.ts';
import { ROLLOUT_SCENARIOS } from './rollout-scenarios.ts';
import { runScenarios, type Scenario } from './scenarios.ts';

export function showCluster(mode: Cluster['mode']): void {
  let cluster: Cluster | undefined;
  const started = async (skip: (reason: string) => void) => {
    const reason = await reasonToSkip(mode);
    if (reason !== false) skip(`${mode}: ${reason}`);
    return cluster;
  };
  before(async () => {
    if ((await reasonToSkip(mode)) === false) cluster = await startCluster(mode);
  });
  // Also the proof, after each run, that nothing of a cluster outlives it.
  after(async () => {
    if (cluster !== undefined) assert.deepEqual(await cluster.end(), [], 'left behind on this machine');
  });

  const show = (what: string, concurrency: number, scenarios: readonly Scenario[]) => {
    void test(`${mode}: ${what}`, { concurrency }, async (t) => {
      const running = await started((reason) => t.skip(reason));
      if (running !== undefined) await runScenarios(t, running, scenarios);
    });
  };
  show('applications heal', 8, [...ROLLOUT_SCENARIOS, ...POD_SCENARIOS]);
  // These touch every Pod there is: one after another.
  show('nodes are drained and die', 1, NODE_SCENARIOS);
  show('components are killed', 1, COMPONENT_SCENARIOS);
}
