/** What happens in a simulated runtime, as it happens: for timelines and checkers, who hear of it without asking. */
import type { ContainerStatus, SandboxConfig, SandboxStatus } from '../container-runtime/runtime.ts';

export type RuntimeChange = {
  /** Wall time by the runtime's clock. */
  atMs: number;
} & (
  | {
      type: 'container';
      /** `hung` and `resumed`: its process stands still, and goes on. */
      what: 'created' | 'started' | 'exited' | 'removed' | 'hung' | 'resumed';
      /** Frozen; as it was when this happened. */
      container: ContainerStatus;
      pod: SandboxConfig['metadata'];
    }
  | { type: 'sandbox'; what: 'started' | 'stopped' | 'removed'; sandbox: SandboxStatus }
  | { type: 'image'; what: 'pulled' | 'failed'; image: string; message: string }
  | { type: 'machine'; what: 'off' | 'on' | 'frozen' | 'thawed' }
);

type Unstamped<C> = C extends RuntimeChange ? Omit<C, 'atMs'> : never;
export type UnstampedChange = Unstamped<RuntimeChange>;
