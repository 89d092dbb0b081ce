/**
 * A simulated node: a machine whose agent is the shipped kubelet and proxy. Containers and volumes belong to the machine and
 * outlive the agent; routes belong to the agent's process, as listeners do.
 */
import type { Transport } from '../../api/message.ts';
import { newNodeParts } from '../../assembly/node-parts.ts';
import { runAll } from '../../assembly/run-all.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import { newInformerFactory } from '../../client/informer-factory.ts';
import { newRestClient } from '../../client/rest-client.ts';
import type { ContainerRuntime } from '../../container-runtime/runtime.ts';
import type { Prober } from '../../kubelet/probes/prober.ts';
import type { VolumeHost } from '../../kubelet/volumes/volume-host.ts';
import type { Dataplane, RoutingTable } from '../../network/dataplane.ts';
import type { Life } from './life.ts';
import { SimulatedDataplane } from './sim-dataplane.ts';
import type { SimulatedHost } from './sim-host.ts';
import { type NodeShape, simulatedNodeFacts } from './sim-node-facts.ts';
import type { Program } from './sim-process.ts';
import { throughLife } from './through-life.ts';

export type { NodeShape } from './sim-node-facts.ts';

export interface SimulatedNodeOptions {
  shape: NodeShape;
  /** First two parts of its Pods' addresses. */
  addressPrefix: string;
  host: SimulatedHost;
  random: Random;
  log: Logger;
  transport: (life: Life) => Transport;
}

export class SimulatedNode {
  readonly name: string;
  /** What is on the machine beside the agent. */
  readonly host: SimulatedHost;
  readonly #options: SimulatedNodeOptions;
  #dataplane: { life: Life; dataplane: SimulatedDataplane } | undefined;
  #starts = 0;

  constructor(options: SimulatedNodeOptions) {
    this.name = options.shape.name;
    this.host = options.host;
    this.#options = options;
  }

  /** By what this node routes Service traffic now: by nothing while no agent runs. */
  get routes(): RoutingTable {
    if (this.#dataplane === undefined || this.#dataplane.life.hasEnded) return { ports: [] };
    return this.#dataplane.dataplane.table;
  }

  readonly agent: Program = async (life, signal) => {
    const { shape, addressPrefix, log, transport, host } = this.#options;
    const { prober, runtime, volumes } = host;
    const { clock } = life;
    const random = this.#options.random.fork(`agent ${++this.#starts}`);
    const client = newRestClient(transport(life), { userAgent: 'kubelet' });
    const dataplane = new SimulatedDataplane();
    this.#dataplane = { life, dataplane };
    const { tasks } = newNodeParts({
      clock,
      random,
      log,
      client,
      informers: newInformerFactory({ client, clock, random, log }),
      runtime: runtimeThrough(runtime, life),
      prober: throughLife<Prober>(prober, life, { call: [], broken: ['httpGet', 'tcpSocket', 'grpc'] }),
      volumes: throughLife<VolumeHost>(volumes, life, { call: VOLUME_CALLS }),
      dataplane: throughLife<Dataplane>(dataplane, life, { call: ['apply', 'close'] }),
      hostPortAddresses: [],
      kubelet: {
        node: simulatedNodeFacts(shape, { addressPrefix, ip: host.ip }),
        rootDir: '/var/lib/kintsugi',
        runtimeName: 'simulated',
        dns: { servers: [], domain: 'cluster.local' },
      },
    });
    await runAll(signal, tasks);
  };
}

const VOLUME_CALLS = [
  'makeDirectory',
  'mountMemory',
  'writePayload',
  'prepareHostPath',
  'prepareSubPath',
  'setGroup',
  'makeWritableFile',
  'readFile',
  'remove',
  'list',
] as const;

/** Calls that take long are cut off when their caller dies, as a connection to a real runtime is. */
function runtimeThrough(runtime: ContainerRuntime, life: Life): ContainerRuntime {
  return throughLife<ContainerRuntime>(runtime, life, {
    call: [
      'status',
      'imageStatus',
      'runPodSandbox',
      'stopPodSandbox',
      'removePodSandbox',
      'listPodSandboxes',
      'createContainer',
      'removeContainer',
      'listContainers',
      'updateContainerResources',
      'exec',
      'attach',
      'dial',
      'stats',
    ],
    broken: ['pullImage', 'startContainer', 'stopContainer', 'execSync'],
    read: ['events', 'readLog'],
  });
}
