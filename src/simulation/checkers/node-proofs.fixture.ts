/** Broken agents, runtimes and proxies, and which checker says so. Holds no tests of its own. */
import type { Pod } from '../../api/generated/core-v1.ts';
import { PODS, SERVICES } from '../../api/resources.ts';
import type { SimulatedRuntime } from '../sim-runtime.ts';
import { createDeployment } from '../world/world.fixture.ts';
import type { World } from '../world/world.ts';
import { createPod, never, type Proof, untilReady, WEB } from './proof.fixture.ts';

const AGENT = {
  username: 'system:node:node-1',
  groups: ['system:nodes', 'system:masters', 'system:authenticated'],
};

const runtimeOf = (world: World) => world.nodes.get('node-1')!.host.runtime;

/** An agent that starts what it should not: one more instance of the container of that Pod, on `node-1`. */
async function startAgain(world: World, pod: Pod, attempt: number): Promise<string> {
  const runtime: SimulatedRuntime = runtimeOf(world);
  const found = runtime.sandboxesNow().find(({ metadata }) => metadata.uid === pod.metadata.uid);
  const sandbox = found?.id ?? (await world.finish(runtime.runPodSandbox(sandboxFor(pod), never)));
  const [other] = runtime.containersNow();
  const config = { ...runtime.containerConfig(other!.id), metadata: { name: 'web', attempt } };
  const id = await world.finish(runtime.createContainer(sandbox, config, never));
  await world.finish(runtime.startContainer(id, never));
  return id;
}

function sandboxFor({ metadata: { name, uid } }: Pod) {
  const metadata = { name, uid, namespace: 'default', attempt: 0 };
  return { metadata, hostname: name, hostNetwork: false, portMappings: [], labels: {}, annotations: {} };
}

async function createService(world: World): Promise<void> {
  const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] };
  await world.finish(
    world.client().create(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: WEB, spec }, never),
  );
}

export const NODE_PROOFS: readonly Proof[] = [
  {
    checker: 'pod-status',
    broken: 'an agent that forgets that a Pod has ended',
    options: { programs: { web: { preloaded: true, runs: [{ exit: { afterMs: 1000, code: 0 } }] } } },
    async run(world) {
      await createPod(world, 'web-0', { restartPolicy: 'Never', nodeName: 'node-1' });
      await world.advance(5000);
      const body = { status: { phase: 'Running' } };
      const target = { namespace: 'default', name: 'web-0' };
      await world.finish(
        world.client(AGENT).patch(PODS, target, { type: 'merge', body, subresource: 'status' }, never),
      );
    },
    says: /^Pod default\/web-0 \(\S+\): its phase was Succeeded and is Running$/,
  },
  {
    checker: 'pod-status',
    broken: 'an agent that forgets its restarts',
    options: { programs: { web: { preloaded: true, runs: [{ exit: { afterMs: 1000, code: 1 } }, {}] } } },
    async run(world) {
      const { metadata } = await createPod(world, 'web-0', { nodeName: 'node-1' });
      await world.advance(5000);
      const pod = world.objects(PODS)[0]!;
      const containerStatuses = pod.status!.containerStatuses!.map((status) => ({
        ...status,
        restartCount: 0,
      }));
      const body = { status: { containerStatuses } };
      const target = { namespace: 'default', name: metadata.name };
      await world.finish(
        world.client(AGENT).patch(PODS, target, { type: 'merge', body, subresource: 'status' }, never),
      );
    },
    says: /^Pod default\/web-0 \(\S+\): container web was restarted 1 times and now 0 times$/,
  },
  {
    checker: 'single-run',
    broken: 'an agent that starts a container while it runs',
    async run(world) {
      const pod = await createPod(world, 'web-0', { nodeName: 'node-1' });
      await untilReady(world, 1);
      await startAgain(world, pod, 1);
    },
    says: /^container web of Pod \S+ starts on node-1 while it runs there$/,
  },
  {
    checker: 'single-run',
    broken: 'an agent that runs the Pod of another node',
    async run(world) {
      await createPod(world, 'web-0', { nodeName: 'node-1' });
      const pod = await createPod(world, 'web-1', { nodeName: 'node-2' });
      await untilReady(world, 2);
      await startAgain(world, pod, 0);
    },
    says: /^Pod \S+ runs on node-2, and web of it starts on node-1$/,
  },
  {
    checker: 'restart-backoff',
    broken: 'an agent whose back-off does not grow',
    async run(world) {
      const pod = await createPod(world, 'web-0', { nodeName: 'node-1' });
      await untilReady(world, 1);
      world.machine('node-1').killKeeper();
      world.machine('node-1').process('agent')!.kill('replaced by a broken one');
      runtimeOf(world).crash(runtimeOf(world).containersNow()[0]!.id);
      for (const attempt of [1, 2, 3]) {
        const id = await startAgain(world, pod, attempt);
        await world.advance(1000);
        runtimeOf(world).crash(id);
        await world.advance(10_000);
      }
    },
    says: /^container web of Pod default\/web-0 is restarted after 10000 ms; its back-off is 20000 ms$/,
  },
  {
    checker: 'restart-backoff',
    broken: 'a runtime that starts nothing',
    isLiveness: true,
    async run(world) {
      await createPod(world, 'web-0', { nodeName: 'node-1' });
      await untilReady(world, 1);
      breakRuntime(world, ['createContainer']);
      await world.advance(5000);
      runtimeOf(world).crash(runtimeOf(world).containersNow()[0]!.id);
      await world.advance(200_000);
    },
    says: /^container web of Pod default\/web-0 ended \d+ ms ago, and is not restarted$/,
  },
  {
    checker: 'orphan-containers',
    broken: 'an agent that forgets to kill',
    async run(world) {
      await createPod(world, 'web-0', { nodeName: 'node-1' });
      await untilReady(world, 1);
      breakRuntime(world, ['stopContainer', 'stopPodSandbox', 'removePodSandbox', 'removeContainer']);
      await world.advance(5000);
      const target = { namespace: 'default', name: 'web-0' };
      await world.finish(world.client().delete(PODS, target, { gracePeriodSeconds: 0 }, never));
      await world.advance(300_000);
    },
    says: /^Pod default\/web-0 \(\S+\) has ended, and its containers run on node-1$/,
  },
  {
    checker: 'orphan-containers',
    broken: 'an agent that removes a Pod before its containers',
    async run(world) {
      await createPod(world, 'web-0', { nodeName: 'node-1' });
      await untilReady(world, 1);
      const agent = world.client(AGENT, 'node-1');
      const target = { namespace: 'default', name: 'web-0' };
      await world.finish(agent.delete(PODS, target, { gracePeriodSeconds: 0 }, never));
    },
    says: /^node-1 sent DELETE \S+\/pods\/web-0 while its containers run$/,
  },
  {
    checker: 'orphan-containers',
    broken: 'an agent that leaves volumes behind',
    isLiveness: true,
    async run(world) {
      await createPod(world, 'web-0', { nodeName: 'node-1' });
      await untilReady(world, 1);
      const { volumes } = world.nodes.get('node-1')!.host;
      Object.assign(volumes, { remove: async () => {} });
      world.machine('node-1').process('agent')!.kill('replaced by a broken one');
      await world.advance(5000);
      await world.finish(world.client().delete(PODS, { namespace: 'default', name: 'web-0' }, {}, never));
      await world.advance(300_000);
    },
    says: /^node-1 keeps \S+\/pods\/\S+ of Pod \S+, which is gone$/,
  },
  {
    checker: 'route-readiness',
    broken: 'a proxy that follows no more',
    async run(world) {
      await createDeployment(world, 2);
      await createService(world);
      await untilReady(world, 2);
      await world.advance(60_000);
      const node = world.nodes.get('node-1')!;
      Object.defineProperty(node, 'routes', { value: node.routes });
      const { name } = world.objects(PODS)[0]!.metadata;
      await world.finish(world.client().delete(PODS, { namespace: 'default', name }, {}, never));
      await world.advance(120_000);
    },
    says: /^node-1 routes default\/web: to Pod default\/web-\S+ \(\S+\), which takes no traffic since \S+ ms$/,
  },
  {
    checker: 'services-routed',
    broken: 'a proxy that never began',
    isLiveness: true,
    async run(world) {
      Object.defineProperty(world.nodes.get('node-1')!, 'routes', { value: { ports: [] } });
      await createDeployment(world, 2);
      await createService(world);
      await untilReady(world, 2);
      await world.advance(10_000);
    },
    says: /^the route of node-1 for default\/web: lack \S+, \S+$/,
  },
];

/** The agent of `node-1` dies, and its successor's calls of `verbs` do nothing. */
function breakRuntime(world: World, verbs: readonly (keyof SimulatedRuntime)[]): void {
  const nothing = () => new Promise(() => {});
  Object.assign(runtimeOf(world), Object.fromEntries(verbs.map((verb) => [verb, nothing])));
  world.machine('node-1').process('agent')!.kill('replaced by a broken one');
}
