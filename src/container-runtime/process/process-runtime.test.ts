import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { BridgePodNetwork } from '../../network/pod-network/bridge-network.ts';
import { LoopbackPodNetwork } from '../../network/pod-network/loopback-network.ts';
import { newNetworkHost } from '../../platform/network-host.ts';
import { systemClock } from '../../platform/system-clock.ts';
import { systemRandom } from '../../platform/system-random.ts';
import { type ContractProgram, type RuntimeHarness, testContainerRuntime } from '../runtime.contract.ts';
import { ImageRegistry } from './image-registry.ts';
import type { Isolation } from './isolation.ts';
import { newProcessRuntime } from './process-runtime.ts';

const SCRIPTS: Record<Exclude<ContractProgram, 'missing'>, string> = {
  sleeper: `trap 'exit 0' TERM; echo up; while :; do sleep 60 & wait $!; done`,
  stubborn: `trap '' TERM; echo up; while :; do sleep 60; done`,
  'exits-3': 'exit 3',
  completes: 'exit 0',
  talker: 'echo one; sleep 0.05; echo two >&2; sleep 0.05; echo three; sleep 0.05',
  server: `exec node -e "
    const server = require('net').createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    server.listen(8080, process.env.HOST, () => console.log('up'));
    process.on('SIGTERM', () => process.exit(0));"`,
};

for (const isolation of ['root', 'user', 'none'] as const) {
  testContainerRuntime(`ProcessRuntime (${isolation})`, (t) => newHarness(t, isolation));
}

async function newHarness(t: TestContext, isolation: Isolation): Promise<RuntimeHarness> {
  const directory = mkdtempSync(join(tmpdir(), 'kintsugi-runtime-'));
  const images = new ImageRegistry(join(directory, 'images.json'));
  for (const [name, script] of Object.entries(SCRIPTS))
    await addImage(images, join(directory, 'images', name), name, script);
  const clusterId = `t${process.pid}`.slice(0, 8);
  const host = newNetworkHost(join(directory, 'network.json'));
  const open = () =>
    newProcessRuntime({
      stateDir: join(directory, 'state'),
      clusterId,
      images,
      network:
        isolation === 'root'
          ? new BridgePodNetwork({ clusterId, clusterCidr: '10.213.0.0/16', nodeCidr: '10.213.1.0/24', host })
          : new LoopbackPodNetwork('127.99.1.0/24', host),
      nodeIp: '127.0.0.1',
      hostEnvironment: { path: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, home: '/root' },
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      isolation,
    });
  let runtime = await open();
  assert.equal(runtime.support.isolation, isolation, runtime.support.message);
  t.after(async () => {
    await runtime.destroyAll(new AbortController().signal);
    rmSync(directory, { recursive: true });
  });
  return {
    runtime,
    program: (name) =>
      name === 'missing'
        ? { image: 'completes', command: ['/no/such/program'], args: [] }
        : { image: name, command: [], args: [] },
    settled: (promise) => promise,
    pause: () => systemClock.sleep(5, new AbortController().signal),
    async reopen() {
      await runtime.close();
      runtime = await open();
      return runtime;
    },
  };
}

async function addImage(
  images: ImageRegistry,
  directory: string,
  name: string,
  script: string,
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'main.sh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  writeFileSync(join(directory, 'image.json'), JSON.stringify({ config: { Entrypoint: ['./main.sh'] } }));
  await images.register(name, directory);
}
