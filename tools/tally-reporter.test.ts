import { deepEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Tally } from './tally-reporter.ts';

const REPORTER = path.join(import.meta.dirname, 'tally-reporter.ts');

/** Runs files of these names and texts as tests. */
function tallyOf(t: TestContext, files: Record<string, string>): Tally {
  const folder = mkdtempSync(path.join(tmpdir(), 'kintsugi-tally-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const tests = Object.keys(files).filter((name) => name.includes('.test.'));
  const { stdout } = spawnSync(process.execPath, ['--test', `--test-reporter=${REPORTER}`, ...tests], {
    cwd: folder,
    encoding: 'utf8',
    // Without it the tests would take themselves for a part of this one.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const tally = JSON.parse(stdout) as Tally;
  return { ...tally, failedFiles: tally.failedFiles.map((file) => path.basename(file)).sort() };
}

test('a tally counts tests and names the files that were run, not those that define what failed', (t) => {
  const tally = tallyOf(t, {
    'fixture.mjs': `
      import { test } from 'node:test';
      export const show = () => test('outer', (t) => t.test('inner', () => { throw new Error('failed'); }));`,
    'shown.test.js': `import('./fixture.mjs').then(({ show }) => show());`,
    'good.test.js': `require('node:test').test('good', () => {});`,
    'skipped.test.js': `require('node:test').test('skipped', { skip: 'no' }, () => {});`,
    'killed.test.js': `process.kill(process.pid, 'SIGKILL');`,
  });
  deepEqual(tally, { passed: 1, failed: 3, skipped: 1, failedFiles: ['killed.test.js', 'shown.test.js'] });
});
