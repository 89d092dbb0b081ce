/** What is on a simulated machine beside the agent, and outlives it: container runtime, volumes, and who answers probes. */
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Prober } from '../../kubelet/probes/prober.ts';
import type { VolumeHost } from '../../kubelet/volumes/volume-host.ts';
import type { SimulatedProgram } from '../sim-program.ts';
import { newSimulatedRuntime, type SimulatedRuntime } from '../sim-runtime.ts';
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
  const { clock, random, programs, addressPrefix, ip } = options;
  const runtime = newSimulatedRuntime({ clock, random, programs, addressPrefix, nodeIp: ip });
  return {
    ip,
    runtime,
    volumes: new MemoryVolumeHost(),
    prober: PROBER,
    losePower: () => runtime.powerLoss(),
  };
}

import { MemoryVolumeHost } from '../../kubelet/kubelet.fixture.ts';

const ok = async () => ({ result: 'success' as const, output: '', statusCode: 200 });
const PROBER: Prober = { httpGet: ok, tcpSocket: ok, grpc: ok };
