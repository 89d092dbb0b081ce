import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Heartbeats } from './heartbeats.ts';

test('Heartbeats counts silence from the last heartbeat, and from first sight before one', () => {
  const heartbeats = new Heartbeats();
  heartbeats.seen('n', 1000);
  heartbeats.seen('n', 2000);
  equal(heartbeats.silentMs('n', 5000), 4000);
  heartbeats.heard('n', 5000);
  equal(heartbeats.silentMs('n', 5000), 0);
});

test('Heartbeats gives back the time in which nobody listened', () => {
  const heartbeats = new Heartbeats();
  heartbeats.heard('n', 0);
  heartbeats.listen(0);
  heartbeats.listen(5000);
  equal(heartbeats.silentMs('n', 5000), 5000);
  // This process was stopped for a minute.
  heartbeats.listen(70_000);
  equal(heartbeats.silentMs('n', 70_000), 10_000);
});

test('Heartbeats never gives back more than there was', () => {
  const heartbeats = new Heartbeats();
  heartbeats.listen(0);
  heartbeats.heard('n', 99_000);
  heartbeats.listen(100_000);
  equal(heartbeats.silentMs('n', 100_000), 0);
});
