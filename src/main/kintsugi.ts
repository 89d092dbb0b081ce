/** The program: the command line over the real world. */
import { runCli } from '../cli/program.ts';
import { newCliWorld } from './cli-world.ts';

/** A terminal's Ctrl-C reaches every process of its group, and some pass it on: what comes together is one. */
const TOGETHER_MS = 1_000;

/** The first signal means: stop. The second: at once. The third: whatever happens. */
const stop = new AbortController();
const hurry = new AbortController();
let lastMs = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    const nowMs = performance.now();
    if (stop.signal.aborted && nowMs - lastMs < TOGETHER_MS) return;
    lastMs = nowMs;
    if (hurry.signal.aborted) process.exit(130);
    if (stop.signal.aborted) hurry.abort(new Error(name));
    stop.abort(new Error(name));
  });
}

const exitCode = await runCli(process.argv.slice(2), newCliWorld(hurry.signal), stop.signal);
process.exit(exitCode);
