/** Nothing of a cluster outlives its test, also when the test is killed in the middle of it. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { reasonToSkip } from './cluster.ts';
import { readRemains } from './remains.ts';

const DOOMED = fileURLToPath(new URL('./doomed-test.ts', import.meta.url));
const CLEAN_LIMIT_MS = 60_000;

for (const mode of ['root', 'unprivileged'] as const) {
  test(`guardian takes the cluster (${mode}) away when its test is killed`, async (t) => {
    const reason = await reasonToSkip(mode);
    if (reason !== false) return t.skip(reason);
    const doomed = fork(DOOMED, [mode], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    const [directory] = (await once(doomed, 'message')) as [string];
    const remains = readRemains(directory);
    const present = remains.find();
    assert.ok(present.length > 10, `a cluster that runs is seen: ${present.join('\n')}`);
    doomed.kill('SIGKILL');
    await once(doomed, 'exit');
    const deadline = performance.now() + CLEAN_LIMIT_MS;
    while (existsSync(directory) && performance.now() < deadline) await delay(100);
    assert.deepEqual(remains.find(), []);
  });
}
