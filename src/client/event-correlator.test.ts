import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { newEventCorrelator, type Occurrence } from './event-correlator.ts';

function newScene() {
  const clock = newSimulatedClock();
  const correlator = newEventCorrelator(clock);
  const tell = (message: string, more: { uid?: string; reason?: string } = {}) => {
    const metadata = { name: 'web', namespace: 'default', uid: more.uid ?? 'u' };
    const occurrence: Occurrence = {
      regarding: { apiVersion: 'v1', kind: 'Pod', metadata },
      type: 'Normal',
      reason: more.reason ?? 'Pulled',
      message,
      atMs: clock.now(),
    };
    const correlation = correlator.correlate(occurrence);
    if (correlation.kind === 'create') correlator.written(correlation.series, `event of ${message}`);
    return correlation;
  };
  return { clock, tell };
}

test('EventCorrelator combines what is said differently more than 10 times, and begins anew after 10 min', async () => {
  const { clock, tell } = newScene();
  const told = Array.from({ length: 12 }, (_, index) => tell(`message ${index}`));
  assert.deepEqual(
    told.map(({ kind }) => kind),
    [...Array.from({ length: 11 }, () => 'create'), 'count'],
  );
  const texts = told.map((correlation) => (correlation.kind === 'drop' ? '' : correlation.message));
  assert.deepEqual(texts.slice(9), [
    'message 9',
    '(combined from similar events): message 10',
    '(combined from similar events): message 11',
  ]);
  // What was said before is combined too, while the interval goes on; another reason has an interval of its own.
  assert.equal(tell('message 0').kind, 'count');
  assert.equal(tell('message 10', { reason: 'Killing' }).kind, 'create');
  await clock.advance(600_001);
  const again = tell('message 0');
  assert.deepEqual(again.kind === 'count' && [again.message, again.count, again.eventName], [
    'message 0',
    2,
    'event of message 0',
  ]);
});

test('EventCorrelator forgets the subject that was least recently told of', () => {
  const { tell } = newScene();
  for (const uid of ['first', 'second']) tell('here', { uid });
  for (let i = 0; i < 4094; i++) tell('here', { uid: `${i}` });
  // Told again, the first is the most recent one.
  assert.equal(tell('here', { uid: 'first' }).kind, 'count');
  tell('here', { uid: 'one too many' });
  assert.equal(tell('here', { uid: 'first' }).kind, 'count');
  assert.equal(tell('here', { uid: 'second' }).kind, 'create');
});
