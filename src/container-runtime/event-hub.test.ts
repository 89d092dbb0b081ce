import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventHub } from './event-hub.ts';
import { type ContainerEvent, EVENT_BUFFER_MAX } from './runtime.ts';

const event = (containerId: string): ContainerEvent => ({
  type: 'started',
  sandboxId: 's',
  containerId,
  podUid: 'u',
});

test('EventHub replaces what a slow subscriber has not read by one lagged event', async () => {
  const hub = new EventHub();
  const controller = new AbortController();
  const events = hub.subscribe(controller.signal);
  for (let i = 0; i <= EVENT_BUFFER_MAX; i++) hub.publish(event(`${i}`));
  hub.publish(event('after'));
  controller.abort();
  const seen: string[] = [];
  for await (const { type, containerId } of events) seen.push(`${type} ${containerId}`);
  assert.deepEqual(seen, ['lagged ', 'started after']);
});

test('EventHub ends a subscription when its signal aborts, and forgets a reader that left', async () => {
  const hub = new EventHub();
  const controller = new AbortController();
  const events = hub.subscribe(controller.signal);
  hub.publish(event('a'));
  for await (const { containerId } of events) {
    assert.equal(containerId, 'a');
    break;
  }
  hub.publish(event('b'));
  for await (const _ of events) assert.fail('a reader that left hears nothing');
  controller.abort();
});
