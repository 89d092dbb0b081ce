import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import { newRestartBackoffChecker } from './restart-backoff.ts';

const POD = {
  metadata: { uid: 'uid-1', name: 'web-0', namespace: 'default' },
  spec: { containers: [{ name: 'web' }] },
} as unknown as Pod;

/** A node whose container starts and stops when it is told to. */
function newNode() {
  const said: string[] = [];
  const machine = { skewMs: 0 };
  const cluster = { pods: new Map([['uid-1', POD]]), world: { machine: () => machine } };
  const checker = newRestartBackoffChecker(cluster as never, (message) => said.push(message));
  const event = (atMs: number, fields: object) => checker.onEvent!({ ...fields, atMs } as never);
  const container = (type: 'created' | 'stopped', atMs: number) =>
    event(atMs, { kind: 'container', type, node: 'node-1', podUid: 'uid-1', name: 'web' });
  const runOnce = (fromMs: number) => {
    container('created', fromMs);
    container('stopped', fromMs + 1);
  };
  return { said, machine, event, container, runOnce };
}

test('restart-backoff: a wait that was over by the node’s clock stays over when the clock is set back', () => {
  const { said, machine, event, container, runOnce } = newNode();
  runOnce(0);
  runOnce(1);
  machine.skewMs = 5000;
  event(5500, { kind: 'fault', what: 'begins', fault: 'clock-jump' });
  machine.skewMs = -40_000;
  container('created', 5600);
  deepEqual(said, []);
});

test('restart-backoff: a wait that was over by no clock is too short', () => {
  const { said, machine, event, container, runOnce } = newNode();
  runOnce(0);
  runOnce(1);
  machine.skewMs = 4000;
  event(5500, { kind: 'fault', what: 'begins', fault: 'clock-jump' });
  machine.skewMs = -40_000;
  container('created', 5600);
  deepEqual(said, [
    'container web of Pod default/web-0 is restarted after 9498 ms; its back-off is 10000 ms',
  ]);
});
