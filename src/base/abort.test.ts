import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortable, newScope, onAbort } from './abort.ts';

const REASON = new Error('enough');

test('onAbort calls in the order of the calls, once, those that were not taken back', () => {
  const controller = new AbortController();
  const called: string[] = [];
  onAbort(controller.signal, () => called.push('first'));
  const forget = onAbort(controller.signal, () => called.push('taken back'));
  onAbort(controller.signal, () => called.push('last'));
  forget();
  controller.abort(REASON);
  assert.deepEqual(called, ['first', 'last']);
});

test('onAbort does not call whom an earlier listener has taken back', () => {
  const controller = new AbortController();
  const called: string[] = [];
  onAbort(controller.signal, () => forget());
  const forget = onAbort(controller.signal, () => called.push('taken back'));
  controller.abort(REASON);
  assert.deepEqual(called, []);
});

test('onAbort calls who came after the last one had gone', () => {
  const controller = new AbortController();
  const called: string[] = [];
  onAbort(controller.signal, () => called.push('gone'))();
  onAbort(controller.signal, () => called.push('here'));
  controller.abort(REASON);
  assert.deepEqual(called, ['here']);
});

test('onAbort has one listener of the platform under a signal, and none when nobody waits', () => {
  const signal = new CountingSignal();
  const forgets = Array.from({ length: 100 }, () => onAbort(signal as unknown as AbortSignal, () => {}));
  assert.equal(signal.listeners.size, 1);
  for (const forget of forgets) forget();
  assert.equal(signal.listeners.size, 0);
});

class CountingSignal {
  readonly listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }
}

test('abortable rejects with the reason when the signal aborts first, and is what the promise is otherwise', async () => {
  const controller = new AbortController();
  const aborted = abortable(new Promise<void>(() => {}), controller.signal);
  assert.equal(await abortable(Promise.resolve(1), controller.signal), 1);
  await assert.rejects(abortable(Promise.reject(new Error('failed')), controller.signal), /failed/);
  controller.abort(REASON);
  await assert.rejects(aborted, REASON);
  await assert.rejects(abortable(Promise.resolve(1), controller.signal), REASON);
});

test('newScope aborts with its parent, for the same reason, and alone without it', () => {
  const parent = new AbortController();
  const alone = newScope(parent.signal);
  const together = newScope(parent.signal);
  alone.abort('done');
  assert.equal(parent.signal.aborted, false);
  parent.abort('over');
  assert.equal(alone.signal.reason, 'done');
  assert.equal(together.signal.reason, 'over');
  assert.equal(newScope(parent.signal).signal.reason, 'over');
});

test('newScope leaves its parent when it is done', () => {
  const parent = new CountingSignal();
  const scope = newScope(parent as unknown as AbortSignal);
  assert.equal(parent.listeners.size, 1);
  scope.abort();
  assert.equal(parent.listeners.size, 0);
  assert.equal(scope.signal.aborted, true);
});
