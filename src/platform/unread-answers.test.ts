import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakOffUnread } from './unread-answers.ts';

test('breakOffUnread ends what was sent a minute ago, and nothing that is still being sent', () => {
  const broken: string[] = [];
  const answer = (name: string, sentAtMs: number | undefined) => ({
    sentAtMs,
    breakOff: () => void broken.push(name),
  });
  breakOffUnread([answer('old', 1_000), answer('new', 50_000), answer('long', undefined)], 61_001);
  assert.deepEqual(broken, ['old']);
});
