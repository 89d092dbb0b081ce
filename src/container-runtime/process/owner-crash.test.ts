/** The owner of the runtime is killed again and again; the containers and their output do not notice. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../platform/system-clock.ts';
import { containerConfig, sandboxConfig } from '../runtime.contract.ts';
import type { Isolation } from './isolation.ts';
import { availableIsolations, eventually, newRuntimeFixture } from './process-runtime.fixture.ts';

const never = new AbortController().signal;
const LINES = 4000;
const KILLS = 8;

/** An agent that does nothing but own the runtime. */
function startOwner(directory: string, clusterId: string, isolation: Isolation) {
  const fixture = new URL('./process-runtime.fixture.ts', import.meta.url).href;
  const place = JSON.stringify({ directory, clusterId, isolation });
  const code = `
    const { fixtureAt } = await import(${JSON.stringify(fixture)});
    const runtime = await (await fixtureAt(${place})).open();
    console.log('open');`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The program and what waits for it, as when the power goes. */
function killAll(directory: string, containerId: string): void {
  const stat = readFileSync(join(directory, 'state', 'containers', containerId, 'io', 'init'), 'utf8');
  const [pid, shim] = [Number.parseInt(stat, 10), Number(stat.split(') ')[1]!.split(' ')[3])];
  process.kill(shim, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
}

for (const isolation of await availableIsolations()) {
  test(`ProcessRuntime (${isolation}) loses no line and no exit code when its owner is killed`, async (t) => {
    const fixture = await newRuntimeFixture(t, isolation);
    await fixture.addImage(
      'counter',
      `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo "line $i"; echo "error $i" >&2; [ $((i % 20)) -ne 0 ] || sleep 0.01; done; exit 5`,
    );
    await fixture.addImage('steady', 'exec sleep 1000');
    const first = await fixture.open();
    const sandboxId = await first.runPodSandbox(sandboxConfig(), never);
    const start = async (image: string) => {
      const id = await first.createContainer(
        sandboxId,
        containerConfig({ image, metadata: { name: image, attempt: 0 } }),
        never,
      );
      await first.startContainer(id, never);
      return id;
    };
    const steady = await start('steady');
    const before = (await first.listContainers()).find(({ id }) => id === steady);
    const counter = await start('counter');
    await first.close();

    for (let kill = 0; kill < KILLS; kill++) {
      const owner = startOwner(fixture.directory, fixture.clusterId, isolation);
      const gone = once(owner, 'exit');
      await Promise.race([once(owner.stdout, 'data'), gone]);
      await systemClock.sleep(Math.random() * 150, never);
      owner.kill('SIGKILL');
      await gone;
    }

    const last = await fixture.open();
    t.after(() => last.close());
    const ended = await eventually('the counter', async () =>
      (await last.listContainers()).find(({ id, state }) => id === counter && state === 'exited'),
    );
    assert.deepEqual([ended.exitCode, ended.reason], [5, 'Error']);
    assert.deepEqual(
      (await last.listContainers()).find(({ id }) => id === steady),
      before,
    );
    const seen: Record<string, string[]> = { stdout: [], stderr: [] };
    for await (const { stream, line } of last.readLog(counter, { follow: false }, never)) {
      seen[stream]!.push(Buffer.from(line).toString());
    }
    const counted = (word: string) => Array.from({ length: LINES }, (_, i) => `${word} ${i + 1}\n`);
    assert.deepEqual(seen['stdout'], counted('line'));
    assert.deepEqual(seen['stderr'], counted('error'));
  });

  test(`ProcessRuntime (${isolation}) tells ContainerStatusUnknown when nothing recorded the exit`, async (t) => {
    const fixture = await newRuntimeFixture(t, isolation);
    await fixture.addImage('steady', 'exec sleep 1000');
    const runtime = await fixture.open();
    t.after(() => runtime.close());
    const sandboxId = await runtime.runPodSandbox(sandboxConfig(), never);
    const id = await runtime.createContainer(sandboxId, containerConfig({ image: 'steady' }), never);
    await runtime.startContainer(id, never);
    killAll(fixture.directory, id);
    const ended = await eventually('the end', async () =>
      (await runtime.listContainers()).find(({ state }) => state === 'exited'),
    );
    assert.deepEqual([ended.exitCode, ended.reason], [137, 'ContainerStatusUnknown']);
  });

  test(`ProcessRuntime (${isolation}) knows from its first moment what ended while no owner was there`, async (t) => {
    const fixture = await newRuntimeFixture(t, isolation);
    await fixture.addImage('steady', 'exec sleep 1000');
    const first = await fixture.open();
    const sandboxId = await first.runPodSandbox(sandboxConfig(), never);
    const id = await first.createContainer(sandboxId, containerConfig({ image: 'steady' }), never);
    await first.startContainer(id, never);
    await first.close();
    killAll(fixture.directory, id);
    const second = await eventually('processes to be gone', async () => {
      const runtime = await fixture.open();
      const [found] = await runtime.listContainers();
      if (found?.state === 'exited') return runtime;
      await runtime.close();
      return undefined;
    });
    t.after(() => second.close());
    const [ended] = await second.listContainers();
    assert.deepEqual([ended?.exitCode, ended?.reason], [137, 'ContainerStatusUnknown']);
  });
}
