import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, randomUid } from './random.ts';

const bytesOf = (bytes: number[]): Random => ({
  next: () => 0,
  fork: () => bytesOf(bytes),
  bytes: () => new Uint8Array(bytes),
});

test('randomUid writes sixteen bytes as a UUID of version 4', () => {
  const ascending = Array.from({ length: 16 }, (_, i) => i);
  equal(randomUid(bytesOf(ascending)), '00010203-0405-4607-8809-0a0b0c0d0e0f');
  const ones = Array.from({ length: 16 }, () => 255);
  equal(randomUid(bytesOf(ones)), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  match(randomUid(bytesOf(ascending)), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});
