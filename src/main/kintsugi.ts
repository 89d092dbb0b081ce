/** The program: the command line over the real world. */
import { runCli } from '../cli/program.ts';
import { newCliWorld } from './cli-world.ts';

/** The second signal means: now. */
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(name));
  });
}

const exitCode = await runCli(process.argv.slice(2), newCliWorld(), stop.signal);
process.exit(exitCode);
