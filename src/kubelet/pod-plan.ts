/** A Pod's plan: the actions that can be taken now, and what the rest waits for. */
export type PodAction =
  | { do: 'mountVolumes' }
  | { do: 'runSandbox'; attempt: number }
  | { do: 'stopSandbox'; sandboxId: string }
  | { do: 'removeSandbox'; sandboxId: string }
  | { do: 'startContainer'; name: string; sandboxId: string; attempt: number; backoffMs: number }
  | { do: 'killContainer'; name: string; containerId: string; reason: KillReason; message: string }
  | { do: 'resizeContainer'; name: string; containerId: string }
  | { do: 'removeContainer'; containerId: string }
  /** Nothing is left to run: the Pod has Succeeded or Failed. */
  | { do: 'finish' };

export type KillReason =
  | 'LivenessProbe'
  | 'StartupProbe'
  | 'DefinitionChanged'
  | 'Resized'
  | 'SandboxChanged'
  | 'Unknown'
  | 'Stopping';

export interface WaitingReason {
  reason: string;
  message: string;
}

export interface PodPlan {
  actions: readonly PodAction[];
  /** Why containers wait, by name, where it is not simply their turn. */
  waiting: ReadonlyMap<string, WaitingReason>;
  /** When to plan again if nothing happens before. */
  replanAtMs: number | undefined;
  /** Why there is nothing to do; empty when there is. */
  idle: string;
}

/** A plan being made. */
export class PlanDraft {
  readonly actions: PodAction[] = [];
  readonly waiting = new Map<string, WaitingReason>();
  replanAtMs: number | undefined;

  replanAt(atMs: number): void {
    this.replanAtMs = Math.min(this.replanAtMs ?? Infinity, atMs);
  }

  finish(idle: string): PodPlan {
    const { actions, waiting, replanAtMs } = this;
    return { actions, waiting, replanAtMs, idle: actions.length > 0 ? '' : idle };
  }
}
