/** Starts a child and is killed at the moment at which it should write down that it runs. Holds no tests of its own. */
import { writeSync } from 'node:fs';
import { newProcessLauncher } from './process-launcher.ts';
import { systemClock } from './system-clock.ts';

const [logDirectory = '', script = ''] = process.argv.slice(2);
const launcher = newProcessLauncher({ logDirectory, clock: systemClock });
const command = [process.execPath, '-e', script];
await launcher.start({ name: 'child', command, env: {}, stopOrder: 0, stopTimeoutMs: 1_000 }, (identity) => {
  writeSync(1, JSON.stringify(identity));
  process.kill(process.pid, 'SIGKILL');
});
