import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pipeline } from './pipeline.ts';

test('Pipeline serves one request after the other, in order', () => {
  const pipeline = new Pipeline();
  const served: number[] = [];
  for (const i of [1, 2, 3]) assert.ok(pipeline.add(() => served.push(i)));
  assert.deepEqual(served, [1]);
  pipeline.next();
  assert.deepEqual(served, [1, 2]);
  pipeline.next();
  pipeline.next();
  pipeline.add(() => served.push(4));
  assert.deepEqual(served, [1, 2, 3, 4]);
});

test('Pipeline takes no more than a hundred that wait', () => {
  const pipeline = new Pipeline();
  const taken = Array.from({ length: 150 }, () => pipeline.add(() => {}));
  assert.equal(taken.filter(Boolean).length, 101);
});
