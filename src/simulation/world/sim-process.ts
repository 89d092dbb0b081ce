/** A process of a simulated machine: a program, the life in which it runs, and how it ended. */
import { isCancellation } from '../../base/abort.ts';
import { type Deferred, newDeferred } from '../../base/deferred.ts';
import type {
  ProcessExit,
  ProcessIdentity,
  ProcessSignal,
  RunningProcess,
} from '../../keeper/process-launcher.ts';
import { Life } from './life.ts';
import type { ProcessChanged } from './world-event.ts';

/** Works until `signal` aborts, touching the world only through `life`. What it rejects with is why it ended. */
export type Program = (life: Life, signal: AbortSignal) => Promise<void>;

export interface ProcessOptions {
  name: string;
  pid: number;
  machine: Life;
  program: Program;
  observe: (event: { kind: 'process' } & ProcessChanged) => void;
}

export class SimulatedProcess implements RunningProcess {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly life: Life;
  readonly #options: ProcessOptions;
  readonly #exited: Deferred<ProcessExit> = newDeferred();
  readonly #stop = new AbortController();

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.identity = { pid: options.pid, startId: options.name };
    this.life = new Life(options.machine, () => this.kill('crash'));
    this.#tell('started');
    void this.#run();
  }

  get exited(): Promise<ProcessExit> {
    return this.#exited.promise;
  }

  /** As kill -9. @param why  for the timeline */
  kill(why: string): void {
    if (this.life.hasEnded) return;
    this.#tell('killed', why);
    this.life.end();
    this.#exited.resolve({ signal: 'SIGKILL' });
  }

  freeze(): void {
    this.life.freeze();
    this.#tell('frozen');
  }

  thaw(): void {
    if (this.life.hasEnded) return;
    this.life.thaw();
    this.#tell('thawed');
  }

  signal(name: ProcessSignal): void {
    if (name === 'kill') this.kill('SIGKILL');
    if (name === 'terminate') this.life.enter(() => this.#stop.abort(new Error('SIGTERM')));
  }

  /** An invariant is broken: the process ends, and somebody must look. */
  break(error: unknown): void {
    if (this.life.hasEnded) return;
    this.#tell('broken', describe(error));
    this.life.end();
    this.#exited.resolve({ code: 1 });
  }

  async #run(): Promise<void> {
    try {
      await this.#options.program(this.life, this.#stop.signal);
    } catch (error) {
      if (!isCancellation(error, this.#stop.signal)) {
        this.break(error);
        return;
      }
    }
    if (this.life.hasEnded) return;
    this.#tell('stopped');
    this.life.end();
    this.#exited.resolve({ code: 0 });
  }

  #tell(what: ProcessChanged['what'], why?: string): void {
    this.#options.observe({
      kind: 'process',
      process: this.name,
      what,
      ...(why === undefined ? {} : { why }),
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
