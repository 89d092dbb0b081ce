import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { testVolumeHost } from '../kubelet/volumes/volume-host.contract.ts';
import { MemoryVolumeHost } from './sim-volume-host.ts';

const signal = new AbortController().signal;
const file = (path: string, content: string) => ({
  path,
  content: new TextEncoder().encode(content),
  mode: 0o644,
});

testVolumeHost('MemoryVolumeHost', async () => ({ host: new MemoryVolumeHost(), root: '/var/test' }));

const VOLUMES = '/var/lib/pods/uid-1/volumes';

test('MemoryVolumeHost knows the volumes of every Pod, and what they hold', async () => {
  const host = new MemoryVolumeHost();
  await host.makeDirectory(`${VOLUMES}/kubernetes.io~configmap/config`, 0o755, signal);
  await host.writePayload(`${VOLUMES}/kubernetes.io~configmap/config`, [file('color', 'blue')], signal);
  await host.makeDirectory(`${VOLUMES}/kubernetes.io~empty-dir/cache`, 0o777, signal);
  await host.makeWritableFile('/var/lib/pods/uid-2/containers/main/0', signal);
  const volumes = host.podVolumes().map(({ name, plugin, podUid }) => `${podUid} ${plugin} ${name}`);
  deepEqual(volumes, ['uid-1 kubernetes.io~configmap config', 'uid-1 kubernetes.io~empty-dir cache']);
  deepEqual(host.payload(`${VOLUMES}/kubernetes.io~configmap/config`), { color: 'blue' });
  await host.remove('/var/lib/pods/uid-1', signal);
  deepEqual(host.podVolumes(), []);
  equal(host.exists('/var/lib/pods/uid-2'), true);
  equal(host.exists('/var/lib/pods/uid-1'), false);
});

test('MemoryVolumeHost loses what memory volumes hold with the power, and nothing else', async () => {
  const host = new MemoryVolumeHost();
  const [memory, disk] = ['/pods/a/volumes/memory', '/pods/a/volumes/disk'];
  for (const path of [memory, disk]) {
    await host.makeDirectory(path, 0o777, signal);
    host.put(`${path}/data`, 'file', 'precious');
  }
  await host.mountMemory(memory, undefined, signal);
  deepEqual(host.mounts(), [memory]);
  host.losePower();
  deepEqual(host.mounts(), []);
  deepEqual([host.exists(`${memory}/data`), host.exists(`${disk}/data`)], [false, true]);
  equal(host.exists(memory), true);
});

test('MemoryVolumeHost: a full disk refuses what is new, as the real one does, until there is room', async () => {
  const host = new MemoryVolumeHost();
  await host.makeDirectory('/volume', 0o755, signal);
  await host.writePayload('/volume', [file('a', '1')], signal);
  host.fill();
  const full = { code: 'ENOSPC' };
  await rejects(host.makeDirectory('/other', 0o755, signal), full);
  await rejects(host.makeWritableFile('/log', signal), full);
  await rejects(host.prepareSubPath('/volume', 'deep', signal), full);
  await rejects(host.prepareHostPath('/made', 'DirectoryOrCreate', signal), full);
  await rejects(host.writePayload('/volume', [file('a', '2')], signal), {
    message: "ENOSPC: no space left on device, write '/volume'",
  });
  equal(await host.writePayload('/volume', [file('a', '1')], signal), false);
  await host.makeDirectory('/volume', 0o755, signal);
  host.free();
  equal(await host.writePayload('/volume', [file('a', '2')], signal), true);
});

test('MemoryVolumeHost failNext fails one call of one verb', async () => {
  const host = new MemoryVolumeHost();
  host.failNext('mountMemory', new Error('no memory'));
  await host.makeDirectory('/volume', 0o755, signal);
  await rejects(host.mountMemory('/volume', undefined, signal), /no memory/);
  equal(await host.mountMemory('/volume', undefined, signal), true);
});

test('MemoryVolumeHost with fingerprints alone sees every change of a payload', async () => {
  const host = new MemoryVolumeHost({ contents: 'fingerprints' });
  const write = (...texts: string[]) =>
    host.writePayload(
      '/volume',
      texts.map((text, index) => file(`file-${index}`, text)),
      signal,
    );
  const seen: boolean[] = [];
  for (const texts of [['ab', 'c'], ['ab', 'c'], ['a', 'bc'], ['abc'], ['acb'], ['acb'], []])
    seen.push(await write(...texts));
  deepEqual(seen, [true, false, true, true, true, false, true]);
  equal(host.payload('/volume'), undefined);
});

test('MemoryVolumeHost reads what a container wrote, as much as is asked', async () => {
  const host = new MemoryVolumeHost();
  host.put('/log', 'file', 'out of memory');
  const bytes = await host.readFile('/log', 6, signal);
  equal(new TextDecoder().decode(bytes), 'out of');
});
