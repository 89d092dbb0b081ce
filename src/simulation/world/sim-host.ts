/** What is on a simulated machine beside the agent, and outlives it: container runtime, volumes, and who answers probes. */
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Prober } from '../../kubelet/probes/prober.ts';
import type { VolumeHost } from '../../kubelet/volumes/volume-host.ts';
import type { RuntimeChange } from '../runtime-change.ts';
import type { SimulatedProgram } from '../sim-program.ts';
import { newSimulatedRuntime, type SimulatedRuntime } from '../sim-runtime.ts';
import { MemoryVolumeHost } from '../sim-volume-host.ts';
import type { ContainerChanged } from './world-event.ts';

export interface SimulatedHostOptions {
  clock: Clock;
  random: Random;
  programs: Record<string, SimulatedProgram>;
  /** First two parts of its Pods' addresses. */
  addressPrefix: string;
  ip: string;
  observe(event: { kind: 'container' } & Omit<ContainerChanged, 'node'>): void;
}

export interface SimulatedHost {
  readonly ip: string;
  readonly runtime: SimulatedRuntime;
  readonly volumes: VolumeHost;
  readonly prober: Prober;
  losePower(): void;
}

export function newSimulatedHost(options: SimulatedHostOptions): SimulatedHost {
  const { clock, random, programs, addressPrefix, ip, observe } = options;
  const onChange = (change: RuntimeChange) => {
    const event = toContainerEvent(change);
    if (event !== undefined) observe(event);
  };
  const runtime = newSimulatedRuntime({ clock, random, programs, addressPrefix, nodeIp: ip, onChange });
  return {
    ip,
    runtime,
    volumes: new MemoryVolumeHost(),
    prober: PROBER,
    losePower: () => {
      runtime.powerOff();
      runtime.boot();
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

const ok = async () => ({ result: 'success' as const, output: '', statusCode: 200 });
const PROBER: Prober = { httpGet: ok, tcpSocket: ok, grpc: ok };
