import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { newDataDir } from '../tools/server-process.ts';
import { runCrashes } from './crash-run.ts';
import { newServerTarget } from './server-target.ts';

test('runServer loses nothing acknowledged over twenty kill -9 under 32 writers over HTTPS', async (t) => {
  const dataDir = await newDataDir();
  const target = newServerTarget(dataDir);
  t.after(async () => {
    target.dispose();
    await rm(dataDir, { recursive: true, force: true });
  });
  const report = await runCrashes({
    target,
    writers: 32,
    kills: 20,
    watchers: 3,
    lifeMs: { min: 50, max: 900 },
  });
  t.diagnostic(`${report.acknowledged} acknowledged, ${report.unanswered} unanswered`);
  assert.ok(report.acknowledged > 1000, 'the writers wrote');
  assert.ok(report.unanswered > 100, 'the kills came while writes were in flight');
});
