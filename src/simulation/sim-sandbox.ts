/** One Pod's sandbox on a simulated node: its address, its containers. */
import type { SandboxConfig, SandboxStatus } from '../container-runtime/runtime.ts';
import type { SimContainer } from './sim-container.ts';

export class SimSandbox {
  containers: readonly SimContainer[] = [];
  /** TCP ports of the node that lead here. */
  readonly hostPorts: readonly { containerPort: number; hostPort: number }[];
  readonly isInHostNetwork: boolean;
  #status: Readonly<SandboxStatus>;

  constructor(id: string, config: SandboxConfig, { ip, createdAtMs }: { ip: string; createdAtMs: number }) {
    const { annotations, hostNetwork, labels, metadata, portMappings } = config;
    this.isInHostNetwork = hostNetwork;
    this.hostPorts = portMappings.filter(({ protocol, hostPort }) => protocol === 'TCP' && hostPort > 0);
    this.#status = Object.freeze({ id, state: 'ready', ip, createdAtMs, metadata, labels, annotations });
  }

  get id(): string {
    return this.#status.id;
  }

  get ip(): string {
    return this.#status.ip;
  }

  get pod(): SandboxConfig['metadata'] {
    return this.#status.metadata;
  }

  get isReady(): boolean {
    return this.#status.state === 'ready';
  }

  /** The same frozen object until something changes. */
  status(): SandboxStatus {
    return this.#status;
  }

  /** It has lost its network. False when it had none. */
  stop(): boolean {
    if (!this.isReady) return false;
    this.#status = Object.freeze({ ...this.#status, state: 'notready' });
    return true;
  }
}
