/** Worker processes that run jobs in parallel. One that dies or takes too long is a result as well, and is replaced. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { Job, JobResult } from './worker.ts';

const WORKER = path.join(import.meta.dirname, 'worker.ts');
/** Real time for one run; one that takes longer is taken to be in an endless loop. */
const RUN_MAX_MS = 1_200_000;

export class WorkerPool {
  readonly #idle: ChildProcess[] = [];
  readonly #all = new Set<ChildProcess>();
  #isClosed = false;

  /** Never rejects. `undefined` when the pool was closed meanwhile. */
  async run(job: Job): Promise<JobResult | undefined> {
    if (this.#isClosed) return undefined;
    const worker = this.#idle.pop() ?? this.#start();
    const startMs = performance.now();
    const outcome = await this.#ask(worker, job);
    if (typeof outcome !== 'string') {
      this.#idle.push(worker);
      return outcome;
    }
    this.#all.delete(worker);
    worker.kill('SIGKILL');
    return this.#isClosed ? undefined : newFailure(job, outcome, performance.now() - startMs);
  }

  /** What runs ends without a result of its own. */
  killAll(): void {
    for (const worker of this.#all) worker.kill('SIGKILL');
  }

  close(): void {
    this.#isClosed = true;
    this.killAll();
    this.#all.clear();
  }

  #start(): ChildProcess {
    // With this process's own flags, but for those of a test runner.
    const execArgv = process.execArgv.filter((flag) => !flag.startsWith('--test'));
    const worker = fork(WORKER, { execArgv, serialization: 'json' });
    this.#all.add(worker);
    return worker;
  }

  /** The result, or why there is none. */
  #ask(worker: ChildProcess, job: Job): Promise<JobResult | string> {
    return new Promise((resolve) => {
      const onMessage = (result: unknown) => settle(result as JobResult);
      const onExit = (code: number | null, signal: string | null) =>
        settle(`its process ended: ${signal ?? `exit code ${code}`}`);
      const limitMs = RUN_MAX_MS + (job.shrinkMs ?? 0);
      const timeout = setTimeout(() => settle(`it takes more than ${limitMs / 1000} s`), limitMs);
      const settle = (outcome: JobResult | string) => {
        clearTimeout(timeout);
        worker.off('message', onMessage).off('exit', onExit);
        resolve(outcome);
      };
      worker.on('message', onMessage).on('exit', onExit);
      worker.send(job, (error) => {
        if (error !== null) settle(error.message);
      });
    });
  }
}

function newFailure({ plan }: Job, message: string, realMs: number): JobResult {
  const violations = [{ checker: 'process', atMs: 0, message }];
  const verdict = {
    seed: plan.seed,
    ok: false,
    violations,
    unconverged: [],
    traceHash: '',
    events: 0,
    virtualMs: 0,
  };
  return { plan, verdict, realMs };
}
