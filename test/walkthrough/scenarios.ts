/** What a scenario is: one thing that the cluster must show, in a namespace of its own or alone on the cluster. */
import type { TestContext } from 'node:test';
import type { Cluster } from './cluster.ts';

export interface Scenario {
  /** Starts with what is done to the cluster. */
  name: string;
  /** Of its own; gone after it. */
  namespace: string;
  /** Why it cannot be shown without root; absent: it can. */
  needsRoot?: string;
  run(cluster: Cluster, t: TestContext): Promise<void>;
}

/** Runs them side by side, or one after another; what needs root is said as skipped elsewhere. */
export async function runScenarios(
  t: TestContext,
  cluster: Cluster,
  scenarios: readonly Scenario[],
): Promise<void> {
  await Promise.all(
    scenarios.map((scenario) =>
      t.test(scenario.name, { timeout: SCENARIO_LIMIT_MS }, async (context) => {
        const { namespace, needsRoot } = scenario;
        if (needsRoot !== undefined && cluster.mode !== 'root') return context.skip(needsRoot);
        await scenario.run(cluster, context);
        if (namespace !== 'default') await cluster.kubectl('delete', 'namespace', namespace);
      }),
    ),
  );
}

const SCENARIO_LIMIT_MS = 240_000;
