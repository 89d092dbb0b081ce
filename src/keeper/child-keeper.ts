/**
 * Keeps one child running until told to stop: starts it or takes over a living one, replaces it when it ends or hangs.
 *
 *   starting ──► running ──► waiting ──► starting …
 *       │           │           │
 *       └───────────┴── stop ───┴──► stopping ──► stopped
 */
import { aborted, newScope } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ChildSpec } from './child-spec.ts';
import type { ChildPhase, ChildState } from './keeper-state.ts';
import { describeExit, type ProcessLauncher, type RunningProcess } from './process-launcher.ts';
import {
  evaluateRestart,
  NO_RESTARTS,
  RESTARTS_MAX,
  type RestartHistory,
  WINDOW_MS,
} from './restart-intensity.ts';
import { stopProcess } from './stop-process.ts';
import { watchForHang } from './watchdog.ts';

export interface ChildKeeperParts {
  clock: Clock;
  log: Logger;
  launcher: ProcessLauncher;
  /** Called after each change of {@link ChildKeeper.state}. */
  onChange(): void;
}

/** Time for a hung child to write its stack before it is killed. */
export const STACK_DUMP_MS = 1_000;

export class ChildKeeper {
  readonly spec: ChildSpec;
  readonly #parts: ChildKeeperParts;
  readonly #hurry = new AbortController();
  #state: ChildState;
  #history: RestartHistory = NO_RESTARTS;
  #process: RunningProcess | undefined;

  /** @param adopted  a living process of this spec, left by an earlier keeper, and what that keeper knew of it */
  constructor(
    spec: ChildSpec,
    parts: ChildKeeperParts,
    adopted?: { process: RunningProcess; state: ChildState },
  ) {
    this.spec = spec;
    this.#parts = { ...parts, log: parts.log.with({ child: spec.name }) };
    this.#process = adopted?.process;
    const { name, command, stopOrder, stopTimeoutMs } = spec;
    this.#state = {
      ...adopted?.state,
      name,
      command,
      stopOrder,
      stopTimeoutMs,
      phase: 'starting',
      restarts: 0,
    };
    if (adopted !== undefined) this.#state.restarts = adopted.state.restarts;
  }

  get state(): ChildState {
    return this.#state;
  }

  /** Returns when the child has stopped after `signal` aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sinceMs = this.#parts.clock.monotonicMs();
      const end = await this.#runOnce(signal);
      if (signal.aborted) break;
      const delayMs = this.#decideRestart(end, sinceMs);
      this.#change('waiting', { restarts: this.#state.restarts + 1, lastEnd: end });
      await this.#parts.clock.sleep(delayMs, signal).catch(() => {});
    }
    await this.#stop();
  }

  /** Stops waiting for an orderly end: kills at once. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** One life of the child. Resolves with why it ended, or when `signal` aborts. */
  async #runOnce(signal: AbortSignal): Promise<string> {
    const { log, clock, launcher } = this.#parts;
    try {
      if (this.#process === undefined) {
        this.#change('starting');
        this.#process = await launcher.start(this.spec, (identity) =>
          this.#change('running', { process: identity, startedAtMs: clock.now() }),
        );
        log.info('child started', { pid: this.#process.identity.pid });
      } else {
        this.#change('running', { process: this.#process.identity });
        log.info('child adopted', { pid: this.#process.identity.pid });
      }
    } catch (error) {
      log.error('child cannot be started', { error });
      return `cannot be started: ${error instanceof Error ? error.message : String(error)}`;
    }
    const end = await this.#untilEnd(this.#process, signal);
    if (end === 'stop') return end;
    if (end === 'hung') await this.#killHung(this.#process);
    const exit = describeExit(await this.#process.exited);
    this.#process = undefined;
    return end === 'hung' ? 'hung' : exit;
  }

  async #untilEnd(process: RunningProcess, signal: AbortSignal): Promise<'exited' | 'hung' | 'stop'> {
    const over = newScope(signal);
    const watching = over.signal;
    const ends: Promise<'exited' | 'hung' | 'stop'>[] = [
      process.exited.then(() => 'exited'),
      aborted(watching).then(() => 'stop'),
    ];
    const { checkLiveness, untilDoubtful } = this.spec;
    if (checkLiveness !== undefined) {
      const liveness = { checkLiveness, ...(untilDoubtful === undefined ? {} : { untilDoubtful }) };
      ends.push(
        watchForHang(liveness, this.#parts.clock, watching).then(
          () => 'hung',
          () => 'stop',
        ),
      );
    }
    const end = await Promise.race(ends);
    over.abort();
    return end;
  }

  async #killHung(process: RunningProcess): Promise<void> {
    this.#parts.log.error('child does not answer; it is killed', { pid: process.identity.pid });
    process.signal('stackDump');
    const patience = new AbortController();
    const waited = this.#parts.clock.sleep(STACK_DUMP_MS, patience.signal).catch(() => {});
    await Promise.race([process.exited, waited]);
    patience.abort();
    process.signal('kill');
  }

  #decideRestart(end: string, sinceMs: number): number {
    const { clock, log } = this.#parts;
    const atMs = clock.monotonicMs();
    const decision = evaluateRestart(this.#history, { atMs, ranMs: atMs - sinceMs });
    this.#history = decision.history;
    log.warn('child ended; it is restarted', { end, delayMs: decision.delayMs });
    if (decision.becameTooFrequent) {
      log.error('child ends too often; look at its log file', {
        restartsMax: RESTARTS_MAX,
        withinMs: WINDOW_MS,
      });
    }
    return decision.delayMs;
  }

  async #stop(): Promise<void> {
    if (this.#process !== undefined) {
      this.#change('stopping');
      const outcome = await stopProcess(this.#process, {
        timeoutMs: this.spec.stopTimeoutMs,
        clock: this.#parts.clock,
        hurry: this.#hurry.signal,
      });
      if (outcome === 'killed') this.#parts.log.warn('child did not stop in time; it was killed');
      this.#process = undefined;
    }
    this.#change('stopped');
  }

  #change(phase: ChildPhase, changes: Partial<ChildState> = {}): void {
    const next: ChildState = { ...this.#state, ...changes, phase };
    if (phase === 'waiting' || phase === 'stopped' || phase === 'starting') delete next.process;
    this.#state = next;
    this.#parts.onChange();
  }
}
