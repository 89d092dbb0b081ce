/** As root, runs this folder's tests once more as a user without privileges. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isRoot } from './process-runtime.fixture.ts';

/** `nobody` on every Linux. */
const NOBODY = 65534;
const FILES = ['entrypoint.test.ts', 'process-runtime.test.ts', 'containment.test.ts', 'owner-crash.test.ts'];

test('ProcessRuntime passes its tests as a user without privileges', {
  skip: isRoot ? false : 'needs root to become another user',
}, async () => {
  accessSync(import.meta.filename, constants.R_OK);
  const files = FILES.map((file) => join(import.meta.dirname, file));
  // Without NODE_TEST_CONTEXT: a runner of its own, not a part of this one.
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', ...files], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: '/' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let report = '';
  for await (const chunk of child.stdout) report += chunk;
  const failed = report.split('\n').filter((line) => line.trimStart().startsWith('not ok'));
  assert.deepEqual(failed, [], report.slice(-5000));
  assert.match(report, /^# pass [1-9]/m);
});
