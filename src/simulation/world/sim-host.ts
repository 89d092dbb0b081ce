/** What is on a simulated machine beside the agent, and outlives it: container runtime, volumes, and who answers probes. */
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Prober } from '../../kubelet/probes/prober.ts';
import type { ProgramTable } from '../program-table.ts';
import type { RuntimeChange } from '../runtime-change.ts';
import type { SimulatedAddresses } from '../sim-addresses.ts';
import { newSimulatedProber } from '../sim-prober.ts';
import { newSimulatedRuntime, type SimulatedRuntime } from '../sim-runtime.ts';
import { MemoryVolumeHost } from '../sim-volume-host.ts';
import type { MachineHooks } from './sim-machine.ts';
import type { ContainerChanged } from './world-event.ts';

export interface SimulatedHostOptions {
  clock: Clock;
  random: Random;
  programs: ProgramTable;
  /** Of the whole world. */
  addresses: SimulatedAddresses;
  /** First two parts of its Pods' addresses. */
  addressPrefix: string;
  ip: string;
  /** Of containers and volumes, what only programs that look for it would see. */
  keepsDetails: boolean;
  observe: (event: { kind: 'container' } & Omit<ContainerChanged, 'node'>) => void;
}

export interface SimulatedHost {
  readonly ip: string;
  readonly runtime: SimulatedRuntime;
  readonly volumes: MemoryVolumeHost;
  readonly prober: Prober;
  /** What the machine's power and freezing do to it. */
  readonly hooks: MachineHooks;
}

export function newSimulatedHost(options: SimulatedHostOptions): SimulatedHost {
  const { clock, random, programs, addresses, addressPrefix, ip, keepsDetails, observe } = options;
  const onChange = (change: RuntimeChange) => {
    const event = toContainerEvent(change);
    if (event !== undefined) observe(event);
  };
  const runtime = newSimulatedRuntime({
    clock,
    random,
    programs,
    addresses,
    addressPrefix,
    nodeIp: ip,
    keepsConfigs: keepsDetails,
    onChange,
  });
  const volumes = new MemoryVolumeHost({ contents: keepsDetails ? 'kept' : 'fingerprints' });
  return {
    ip,
    runtime,
    volumes,
    prober: newSimulatedProber({ clock, nodeOf: (address) => addresses.nodeOf(address), nodeIp: ip }),
    hooks: {
      onPowerLoss: () => {
        runtime.powerOff();
        volumes.losePower();
      },
      onPowerOn: () => runtime.boot(),
      onFreeze: () => runtime.freeze(),
      onThaw: () => runtime.thaw(),
    },
  };
}

const EVENT_TYPES = {
  created: 'created',
  started: 'started',
  exited: 'stopped',
  removed: 'deleted',
} as const;

function toContainerEvent(
  change: RuntimeChange,
): ({ kind: 'container' } & Omit<ContainerChanged, 'node'>) | undefined {
  if (change.type !== 'container' || change.what === 'hung' || change.what === 'resumed') return undefined;
  const { exitCode, id, metadata, reason } = change.container;
  return {
    kind: 'container',
    type: EVENT_TYPES[change.what],
    podUid: change.pod.uid,
    containerId: id,
    name: metadata.name,
    attempt: metadata.attempt,
    ...(change.what === 'exited' ? { exitCode, reason } : {}),
  };
}
