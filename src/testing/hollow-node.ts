/**
 * A node whose kubelet only says that it is there: it registers, renews its lease and reports that it is ready. Pods bound
 * to it stay as the test leaves them.
 */
import { runAll } from '../assembly/run-all.ts';
import { silentLogger } from '../base/logger.ts';
import { newEventRecorder } from '../client/event-writer.ts';
import { newRestClient } from '../client/rest-client.ts';
import { runNodeLease } from '../kubelet/node/node-lease.ts';
import { NodeReporter } from '../kubelet/node/node-reporter.ts';
import { type NodeShape, simulatedNodeFacts } from '../simulation/world/sim-node-facts.ts';
import type { World } from '../simulation/world/world.ts';

const HEALTHY = { memoryPressure: false, diskPressure: false, pidPressure: false, notReady: [] };

/** @param index  from 1, among the cluster's nodes */
export function addHollowNode(world: World, shape: NodeShape, index: number): void {
  const { name } = shape;
  const user = { username: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] };
  let starts = 0;
  world.addMachine(name, {
    agent: async (life, signal) => {
      const transport = world.transportOf({ party: name, process: `${name}/agent`, life, user });
      const client = newRestClient(transport, { userAgent: 'kubelet' });
      const { clock } = life;
      const random = world.random.fork(`node ${name} ${++starts}`);
      const log = silentLogger;
      const events = newEventRecorder({ client, clock, random, log, component: 'kubelet', host: name });
      const addressPrefix = `${11 + (index >> 8)}.${index & 255}`;
      const facts = simulatedNodeFacts(shape, { addressPrefix, ip: `${addressPrefix}.255.254` });
      const reporter = new NodeReporter({ client, clock, log, events, facts, health: async () => HEALTHY });
      const lease = { client, clock, log, nodeName: name, node: () => reporter.node };
      await runAll(signal, [
        (both) => reporter.run(both),
        (both) => runNodeLease(lease, both),
        (both) => events.run(both),
      ]);
    },
  });
}
