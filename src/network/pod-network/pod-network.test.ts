import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressBook } from './address-book.ts';
import { addressAt, isInRange, parseAddressRange } from './address-range.ts';
import { BridgePodNetwork } from './bridge-network.ts';
import { LoopbackPodNetwork } from './loopback-network.ts';
import type { NetworkHost } from './pod-network.ts';
import { clusterPodCidr, nodePodCidr } from './pod-range.ts';

/** A machine that records what is asked of it. */
function newRecordingHost(inUse: string[] = []) {
  const commands: string[] = [];
  const links = new Set<string>();
  const netns = new Set<string>();
  const addresses = new Set<string>();
  let state: unknown;
  const host: NetworkHost = {
    async ip(lines, options = {}) {
      for (const line of lines) {
        commands.push(options.netns === undefined ? line : `[${options.netns}] ${line}`);
        const [object, verb, name = ''] = line.split(' ');
        const names = object === 'netns' ? netns : object === 'link' ? links : undefined;
        if (verb === 'add') names?.add(name);
        if (verb === 'delete') names?.delete(name);
        if (object === 'address' && verb === 'replace') addresses.add(name);
        if (object === 'address' && verb === 'delete') addresses.delete(name);
      }
    },
    links: async () => links,
    netnsNames: async () => netns,
    addresses: async () => [...addresses],
    writeSysctl: async (name, value) => void commands.push(`sysctl ${name}=${value}`),
    listeningAddresses: async () => new Set(inUse),
    readState: async () => structuredClone(state),
    async writeState(next) {
      state = structuredClone(next);
    },
  };
  return { host, commands, links, netns };
}

test('parseAddressRange reads a range and refuses what is none', () => {
  const range = parseAddressRange('10.244.3.17/24');
  assert.equal(addressAt(range, 0), '10.244.3.0');
  assert.equal(addressAt(range, 255), '10.244.3.255');
  assert.ok(isInRange(range, '10.244.3.9') && !isInRange(range, '10.244.4.1'));
  for (const wrong of ['10.0.0.0', '10.0.0.0/33', '10.0.0.256/24', 'x/8']) {
    assert.throws(() => parseAddressRange(wrong), RangeError);
  }
});

test('AddressBook gives each sandbox one address, kept across restarts, and the last given up last', async () => {
  const { host } = newRecordingHost();
  const range = parseAddressRange('10.1.0.0/29');
  const book = new AddressBook(range, host);
  const addresses = [await book.assign('a'), await book.assign('b')];
  assert.deepEqual(addresses, ['10.1.0.2', '10.1.0.3']);
  await book.release('b');
  const restarted = new AddressBook(range, host);
  await restarted.load();
  assert.equal(await restarted.assign('a'), '10.1.0.2');
  assert.equal(await restarted.assign('c'), '10.1.0.4');
  for (const id of ['d', 'e', 'f']) await restarted.assign(id);
  await assert.rejects(restarted.assign('g'), /no address left for Pods in 10\.1\.0\.0\/29/);
});

test('AddressBook never gives one address twice', async () => {
  const steps = fc.array(
    fc.record({ id: fc.integer({ min: 0, max: 9 }).map(String), release: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const book = new AddressBook(parseAddressRange('10.1.0.0/28'), newRecordingHost().host);
      const held = new Map<string, string>();
      for (const { id, release } of plan) {
        if (release) {
          await book.release(id);
          held.delete(id);
        } else held.set(id, await book.assign(id));
        assert.equal(new Set(held.values()).size, held.size);
      }
    }),
  );
});

test('BridgePodNetwork makes a namespace and a pair once, and takes both away', async () => {
  const { host, commands, links, netns } = newRecordingHost();
  const options = { clusterId: 'abc123', clusterCidr: '10.200.0.0/16', nodeCidr: '10.200.1.0/24', host };
  const network = new BridgePodNetwork(options);
  await network.start(new Set());
  assert.ok(commands.includes('route replace unreachable 10.200.0.0/16'));
  assert.ok(commands.includes('sysctl net.ipv4.conf.kt-abc123.forwarding=1'));
  const id = '0123456789abcdef';
  const attachment = await network.attach(id);
  assert.deepEqual(attachment, { ip: '10.200.1.2', netnsPath: '/run/netns/kt-abc123-0123456789ab' });
  const count = commands.length;
  assert.deepEqual(await network.attach(id), attachment);
  assert.equal(commands.length, count);
  assert.ok([...links].every((name) => name.length <= 15));
  await network.removePodNetwork();
  assert.deepEqual([...links, ...netns], []);
});

test('BridgePodNetwork takes the bridge away with the last of nodes that leave at the same moment', async () => {
  const { host, links } = newRecordingHost();
  const nodes = ['10.200.0.0/24', '10.200.1.0/24'].map(
    (nodeCidr) => new BridgePodNetwork({ clusterId: 'abc123', clusterCidr: '10.200.0.0/16', nodeCidr, host }),
  );
  for (const node of nodes) await node.start(new Set());
  await Promise.all(nodes.map((node) => node.removePodNetwork()));
  assert.deepEqual([...links], []);
});

test('BridgePodNetwork leaves the bridge to the nodes that stay', async () => {
  const { host, links } = newRecordingHost();
  const common = { clusterId: 'abc123', clusterCidr: '10.200.0.0/16', host };
  const leaving = new BridgePodNetwork({ ...common, nodeCidr: '10.200.0.0/24' });
  await new BridgePodNetwork({ ...common, nodeCidr: '10.200.1.0/24' }).start(new Set());
  await leaving.start(new Set());
  await leaving.removePodNetwork();
  assert.deepEqual([...links], ['kt-abc123']);
});

test('BridgePodNetwork collects what belongs to sandboxes that are gone', async () => {
  const { host, netns } = newRecordingHost();
  const options = { clusterId: 'abc123', clusterCidr: '10.200.0.0/16', nodeCidr: '10.200.1.0/24', host };
  const before = new BridgePodNetwork(options);
  await before.start(new Set());
  await before.attach('kept00000000');
  await before.attach('lost00000000');
  await new BridgePodNetwork(options).start(new Set(['kept00000000']));
  assert.deepEqual([...netns], ['kt-abc123-kept00000000']);
});

test('LoopbackPodNetwork passes over addresses that something listens on', async () => {
  const network = new LoopbackPodNetwork(
    '127.70.1.0/24',
    newRecordingHost(['127.70.1.2', '127.70.1.3']).host,
  );
  await network.start(new Set());
  assert.deepEqual(await network.attach('a'), { ip: '127.70.1.4' });
});

test('clusterPodCidr stays in its block, and nodePodCidr in the cluster', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 255 }), (clusterId, index) => {
      for (const [mode, block] of [
        ['loopback', '127.64.0.0/10'],
        ['bridge', '10.192.0.0/10'],
      ] as const) {
        const cluster = clusterPodCidr(mode, clusterId);
        const node = nodePodCidr(cluster, index).split('/')[0]!;
        assert.ok(isInRange(parseAddressRange(block), node) && isInRange(parseAddressRange(cluster), node));
      }
    }),
  );
});
