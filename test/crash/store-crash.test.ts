import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCrashes } from './crash-run.ts';
import { newStoreTarget } from './store-target.ts';

test('openStore on a SQLite journal loses nothing acknowledged over twenty kill -9 under 32 writers', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-crash-'));
  const target = newStoreTarget(directory);
  t.after(async () => {
    target.dispose();
    await rm(directory, { recursive: true, force: true });
  });
  const report = await runCrashes({
    target,
    writers: 32,
    kills: 20,
    watchers: 3,
    lifeMs: { min: 30, max: 400 },
  });
  t.diagnostic(
    `${report.acknowledged} acknowledged, ${report.unanswered} unanswered, ${report.compactions} compactions`,
  );
  assert.ok(report.acknowledged > 1000, 'the writers wrote');
  assert.ok(report.unanswered > 100, 'the kills came while writes were in flight');
  assert.ok(report.compactions > 0, 'history was compacted between');
});
