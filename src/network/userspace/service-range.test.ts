import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MODULE = JSON.stringify(join(import.meta.dirname, 'service-range.ts'));

/** Needs a network namespace of its own: the routes of this machine stay as they are. */
async function canUnshare(): Promise<boolean> {
  return run('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).then(
    () => true,
    () => false,
  );
}

const SCRIPT = `
  const { claimServiceRange, releaseServiceRange, isServiceRangeClaimed } = await import(${MODULE});
  const net = await import('node:net');
  const { once } = await import('node:events');
  const signal = new AbortController().signal;
  const cidr = '10.96.0.0/16';
  const seen = [await isServiceRangeClaimed(cidr, signal)];
  await claimServiceRange(cidr, signal);
  await claimServiceRange(cidr, signal);
  seen.push(await isServiceRangeClaimed(cidr, signal));
  const server = net.createServer((socket) => socket.end()).listen(80, '10.96.7.7');
  await once(server, 'listening');
  await once(net.connect(80, '10.96.7.7'), 'connect');
  seen.push(await once(net.connect(80, '10.96.7.8'), 'connect').catch((error) => error.code));
  server.close();
  await releaseServiceRange(cidr, signal);
  await releaseServiceRange(cidr, signal);
  seen.push(await isServiceRangeClaimed(cidr, signal));
  console.log(JSON.stringify(seen));
`;

test('claimServiceRange makes every Service address local, releaseServiceRange undoes it', async (t) => {
  if (!(await canUnshare())) return t.skip('needs root to make a network namespace');
  const inside = `ip link set lo up && exec "$0" --input-type=module -e "$1"`;
  const { stdout } = await run('unshare', ['-n', 'sh', '-c', inside, process.execPath, SCRIPT]);
  assert.deepEqual(JSON.parse(stdout), [false, true, 'ECONNREFUSED', false]);
});
