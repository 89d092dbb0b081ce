/** A process runtime over a temporary directory, for the tests of this folder. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { BridgePodNetwork } from '../../network/pod-network/bridge-network.ts';
import { LoopbackPodNetwork } from '../../network/pod-network/loopback-network.ts';
import { newNetworkHost } from '../../platform/network-host.ts';
import { systemClock } from '../../platform/system-clock.ts';
import { systemRandom } from '../../platform/system-random.ts';
import { ImageRegistry } from './image-registry.ts';
import { detectIsolation, type Isolation } from './isolation.ts';
import { newProcessRuntime, type ProcessRuntime } from './process-runtime.ts';

export const isRoot = process.getuid?.() === 0;

/** The ways of isolation that this machine and user have. */
export async function availableIsolations(): Promise<Isolation[]> {
  const wanted: Isolation[] = isRoot ? ['root', 'user', 'none'] : ['user', 'none'];
  const found: Isolation[] = [];
  for (const isolation of wanted)
    if ((await detectIsolation(isolation)).isolation === isolation) found.push(isolation);
  return found;
}

export interface RuntimeFixture {
  directory: string;
  clusterId: string;
  images: ImageRegistry;
  /** Registers an image whose entrypoint is a shell script. */
  addImage(name: string, script: string): Promise<void>;
  open(overrides?: Partial<Parameters<typeof newProcessRuntime>[0]>): Promise<ProcessRuntime>;
}

let fixtures = 0;

/** Everything that the fixture's runtimes made is gone after the test. */
export async function newRuntimeFixture(t: TestContext, isolation: Isolation): Promise<RuntimeFixture> {
  const directory = mkdtempSync(join(tmpdir(), 'kintsugi-runtime-'));
  // Programs that run as another user reach their image.
  chmodSync(directory, 0o755);
  const clusterId = `t${(process.pid % 100_000).toString(36)}${(fixtures++).toString(36)}`;
  return fixtureAt({ directory, clusterId, isolation, t });
}

/** The same over a directory that exists; without `t` nothing is cleaned up. */
export async function fixtureAt(place: {
  directory: string;
  clusterId: string;
  isolation: Isolation;
  t?: TestContext;
}): Promise<RuntimeFixture> {
  const { directory, clusterId, isolation, t } = place;
  const images = new ImageRegistry(join(directory, 'images.json'));
  const host = newNetworkHost(join(directory, 'network.json'));
  const opened: ProcessRuntime[] = [];
  const open = async (overrides = {}) => {
    const runtime = await newProcessRuntime({
      stateDir: join(directory, 'state'),
      clusterId,
      images,
      network:
        isolation === 'root'
          ? new BridgePodNetwork({ clusterId, clusterCidr: '10.213.0.0/16', nodeCidr: '10.213.1.0/24', host })
          : new LoopbackPodNetwork('127.99.1.0/24', host),
      nodeIp: '127.0.0.1',
      hostEnvironment: { path: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, home: '/' },
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      isolation,
      ...overrides,
    });
    opened.push(runtime);
    return runtime;
  };
  const closeAll = () => Promise.all(opened.map((runtime) => runtime.close()));
  t?.after(async () => {
    // One that stays open goes on watching: after a failure the test would never end.
    await closeAll();
    try {
      const last = await open();
      assert.equal(last.support.isolation, isolation, last.support.message);
      await last.destroyAll(new AbortController().signal);
      rmSync(directory, { recursive: true });
    } finally {
      await closeAll();
    }
  });
  return {
    directory,
    clusterId,
    images,
    open,
    async addImage(name, script) {
      const image = join(directory, 'images', name);
      mkdirSync(image, { recursive: true });
      writeFileSync(join(image, 'main.sh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      writeFileSync(join(image, 'image.json'), JSON.stringify({ config: { Entrypoint: ['./main.sh'] } }));
      await images.register(name, image);
    },
  };
}

/** Waits until `probe` gives something. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    assert.ok(Date.now() < deadline, `timed out waiting for ${what}`);
    await systemClock.sleep(5, new AbortController().signal);
  }
}
