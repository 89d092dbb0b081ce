import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { silentLogger } from '../../base/logger.ts';
import { ClaimingDataplane } from './claiming-dataplane.ts';

const run = promisify(execFile);
const MODULE = JSON.stringify(join(import.meta.dirname, 'claimed-addresses.ts'));
const never = new AbortController().signal;

/** Needs a network namespace of its own: the routes of this machine stay as they are. */
async function canUnshare(): Promise<boolean> {
  return run('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).then(
    () => true,
    () => false,
  );
}

function newBench(left: readonly string[], refused: readonly string[] = []) {
  const log: string[] = [];
  const say = async (verb: string, address: string) => {
    if (refused.includes(address)) throw new Error('Operation not permitted');
    log.push(`${verb} ${address}`);
  };
  let wanted: string[] = [];
  const dataplane = new ClaimingDataplane({
    inner: {
      async apply() {
        log.push('apply');
        return [];
      },
      close: async () => void log.push('close'),
    },
    claims: {
      list: async () => [...left],
      claim: (address) => say('claim', address),
      release: (address) => say('release', address),
    },
    log: silentLogger,
    wanted: () => wanted,
  });
  return {
    apply: async (...addresses: string[]): Promise<string[]> => {
      wanted = addresses;
      log.length = 0;
      await dataplane.apply({ ports: [] }, never);
      return [...log];
    },
  };
}

test('ClaimingDataplane claims before it listens, and releases after it has stopped to', async () => {
  const { apply } = newBench([]);
  assert.deepEqual(await apply(), ['apply']);
  assert.deepEqual(await apply('10.97.0.7'), ['claim 10.97.0.7', 'apply']);
  assert.deepEqual(await apply('10.97.0.7', '10.97.0.8'), ['claim 10.97.0.8', 'apply']);
  assert.deepEqual(await apply('10.97.0.8'), ['apply', 'release 10.97.0.7']);
  assert.deepEqual(await apply('10.97.0.8'), ['apply']);
});

test('ClaimingDataplane takes over what an agent before it left, and lets go of the rest', async () => {
  const { apply } = newBench(['10.97.0.7', '10.97.0.8']);
  assert.deepEqual(await apply('10.97.0.7'), ['apply', 'release 10.97.0.8']);
});

test('ClaimingDataplane serves the others when one address cannot be claimed', async () => {
  const { apply } = newBench([], ['10.97.0.7']);
  assert.deepEqual(await apply('10.97.0.7', '10.97.0.8'), ['claim 10.97.0.8', 'apply']);
});

const SCRIPT = `
  const { newAddressClaims } = await import(${MODULE});
  const net = await import('node:net');
  const { once } = await import('node:events');
  const signal = new AbortController().signal;
  const [ours, others] = [newAddressClaims('0000000a'), newAddressClaims('fffffff0')];
  const address = '203.0.113.7';
  await ours.claim(address, signal);
  await ours.claim(address, signal);
  const seen = [await ours.list(signal), await others.list(signal)];
  const server = net.createServer((socket) => socket.end()).listen(80, address);
  await once(server, 'listening');
  await once(net.connect(80, address), 'connect');
  server.close();
  await others.release(address, signal);
  seen.push(await ours.list(signal));
  await ours.release(address, signal);
  await ours.release(address, signal);
  seen.push(await ours.list(signal));
  console.log(JSON.stringify(seen));
`;

test('newAddressClaims makes an address local, known by the mark of its cluster', async (t) => {
  if (!(await canUnshare())) return t.skip('needs root to make a network namespace');
  const inside = `ip link set lo up && exec "$0" --input-type=module -e "$1"`;
  const { stdout } = await run('unshare', ['-n', 'sh', '-c', inside, process.execPath, SCRIPT]);
  assert.deepEqual(JSON.parse(stdout), [['203.0.113.7'], [], ['203.0.113.7'], []]);
});
