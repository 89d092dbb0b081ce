import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestDeadline } from './request-deadline.ts';

test('RequestDeadline ends a connection that asks for nothing within 10 s', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let late = 0;
  new RequestDeadline(() => late++);
  t.mock.timers.tick(9_999);
  assert.equal(late, 0);
  t.mock.timers.tick(1);
  assert.equal(late, 1);
});

test('RequestDeadline waits while any request runs, and 90 s for the next', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let late = 0;
  const deadline = new RequestDeadline(() => late++);
  deadline.begin();
  deadline.begin();
  deadline.end();
  t.mock.timers.tick(1_000_000);
  assert.equal(late, 0, 'one still runs');
  deadline.end();
  t.mock.timers.tick(89_999);
  assert.equal(late, 0);
  t.mock.timers.tick(1);
  assert.equal(late, 1);
});

test('RequestDeadline says nothing of a connection that is gone', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let late = 0;
  new RequestDeadline(() => late++).close();
  t.mock.timers.tick(1_000_000);
  assert.equal(late, 0);
});
