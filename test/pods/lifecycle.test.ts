/** A Pod from its first init container to its end: order, restarts, probes, hooks, deadlines. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ContainerStatus, Pod } from '../../src/api/generated/core-v1.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import {
  ACCOUNTS,
  eventually,
  PROBE_TARGET,
  SHELL,
  startUpCluster,
  type UpCluster,
} from '../tools/up-cluster.ts';

const shell = (script: string) => ['sh', '-c', script];

interface Scene {
  cluster: UpCluster;
  /** A directory of the machine, mounted at `$KINTSUGI_ROOT/log`, where containers leave what they did. */
  folder: string;
}

for (const [account, options] of Object.entries({ root: ACCOUNTS.root, user: ACCOUNTS.user })) {
  const skip = !(await hasKubectl()) || options === undefined ? 'needs kubectl, and root for root' : false;
  describe(`lifecycle (${account})`, { skip }, () => {
    let scene: Scene;
    before(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'kintsugi-lifecycle-'));
      chmodSync(folder, 0o777);
      scene = { folder, cluster: await startUpCluster(options) };
    });
    after(async () => {
      await scene?.cluster[Symbol.asyncDispose]();
      if (scene) rmSync(scene.folder, { recursive: true, force: true });
    });

    /** Creates a Pod; each container has the folder at `log` and writes with `say`. */
    async function create(name: string, spec: Record<string, unknown>): Promise<void> {
      const place = (container: object) => ({
        image: SHELL,
        volumeMounts: [{ name: 'log', mountPath: '/log' }],
        ...container,
      });
      const lists = ['containers', 'initContainers'].flatMap((field) => {
        const list = spec[field] as object[] | undefined;
        return list === undefined ? [] : [[field, list.map(place)]];
      });
      const volumes = [{ name: 'log', hostPath: { path: scene.folder } }];
      const object = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: { terminationGracePeriodSeconds: 1, ...spec, volumes, ...Object.fromEntries(lists) },
      };
      await scene.cluster.kubectl.withInput(JSON.stringify(object), 'apply', '-f', '-');
    }
    const say = (pod: string, text: string) => `echo "${text}" >>"$KINTSUGI_ROOT/log/${pod}"`;
    const said = (pod: string) => readFileSync(join(scene.folder, pod), 'utf8').trim().split('\n');
    const podOf = async (name: string) =>
      JSON.parse(await scene.cluster.kubectl('get', 'pod', name, '-o', 'json')) as Pod;
    const statusOf = async (name: string, container = 'main'): Promise<ContainerStatus> => {
      const { status } = await podOf(name);
      const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
      return all.find((one) => one.name === container) ?? assert.fail(`no status of ${container} yet`);
    };
    const line = (name: string) => scene.cluster.kubectl('get', 'pod', name, '--no-headers');
    const shows = (name: string, pattern: RegExp) =>
      eventually(`${name} shows ${pattern}`, async () => assert.match(await line(name), pattern));
    const eventsOf = async (name: string): Promise<string> => {
      const selector = `involvedObject.name=${name}`;
      const format = 'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}';
      return scene.cluster.kubectl('get', 'events', '--field-selector', selector, '-o', format);
    };
    const remove = (name: string) => scene.cluster.kubectl('delete', 'pod', name);

    test('init containers run one after another, a sidecar beside the rest, and stops last', async () => {
      const until = (text: string) =>
        `until grep -q "${text}" "$KINTSUGI_ROOT/log/order"; do sleep 0.05; done`;
      const end = (who: string) =>
        `trap '${say('order', `${who} ends`)}; exit 0' TERM; while :; do sleep 0.05; done`;
      await create('order', {
        terminationGracePeriodSeconds: 10,
        initContainers: [
          { name: 'one', command: shell(say('order', 'one')) },
          {
            name: 'side',
            restartPolicy: 'Always',
            command: shell(`${say('order', 'side')}; ${end('side')}`),
          },
          { name: 'two', command: shell(`${until('side')}; ${say('order', 'two')}`) },
        ],
        containers: [{ name: 'main', command: shell(`${say('order', 'main')}; ${end('main')}`) }],
      });
      await shows('order', /2\/2 +Running +0/);
      await remove('order');
      assert.deepEqual(said('order'), ['one', 'side', 'two', 'main', 'main ends', 'side ends']);
    });

    test('a failing init container shows Init:Error or Init:CrashLoopBackOff, and is tried again', async () => {
      const script = `${say('init', 'try')}; [ "$(wc -l <"$KINTSUGI_ROOT/log/init")" -ge 2 ]`;
      await create('init', {
        initContainers: [{ name: 'first', command: shell(script) }],
        containers: [{ name: 'main' }],
      });
      await shows('init', /1\/1 +Running/);
      assert.equal((await statusOf('init', 'first')).restartCount, 1);
      await create('stuck', {
        initContainers: [{ name: 'first', command: shell('exit 1') }],
        containers: [{ name: 'main' }],
      });
      await shows('stuck', /0\/1 +Init:CrashLoopBackOff/);
      await create('never', {
        restartPolicy: 'Never',
        initContainers: [{ name: 'first', command: shell('exit 9') }],
        containers: [{ name: 'main' }],
      });
      await shows('never', /0\/1 +Init:ExitCode:9|0\/1 +Init:Error/);
      assert.equal((await podOf('never')).status?.phase, 'Failed');
    });

    test('restartPolicy decides what an end means: Succeeded, Failed, or again', async () => {
      await create('done', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', command: shell('exit 0') }],
      });
      await create('broken', {
        restartPolicy: 'Never',
        containers: [
          { name: 'main', command: shell('echo why >"$KINTSUGI_ROOT/dev/termination-log"; exit 3') },
        ],
      });
      const once = `${say('retry', 'run')}; [ "$(wc -l <"$KINTSUGI_ROOT/log/retry")" -ge 2 ]`;
      await create('retry', {
        restartPolicy: 'OnFailure',
        containers: [{ name: 'main', command: shell(once) }],
      });
      await shows('done', /0\/1 +Completed +0/);
      await shows('broken', /0\/1 +Error +0/);
      await shows('retry', /0\/1 +Completed +1/);
      assert.deepEqual(
        await Promise.all(['done', 'broken', 'retry'].map(async (name) => (await podOf(name)).status?.phase)),
        ['Succeeded', 'Failed', 'Succeeded'],
      );
      const { terminated } = (await statusOf('broken')).state ?? {};
      assert.deepEqual(
        [terminated?.exitCode, terminated?.reason, terminated?.message],
        [3, 'Error', 'why\n'],
      );
    });

    test('activeDeadlineSeconds ends a Pod as DeadlineExceeded', async () => {
      await create('slow', { activeDeadlineSeconds: 1, containers: [{ name: 'main' }] });
      await eventually('the end', async () => {
        const { phase, reason, message } = (await podOf('slow')).status ?? {};
        assert.deepEqual([phase, reason], ['Failed', 'DeadlineExceeded']);
        assert.equal(message, 'Pod was active on the node longer than the specified deadline');
      });
    });

    test('postStart and preStop run, by exec and by request', async () => {
      const lifecycle = {
        postStart: { exec: { command: shell(say('hooks', 'postStart')) } },
        preStop: { exec: { command: shell(say('hooks', 'preStop')) } },
      };
      await create('hooks', { terminationGracePeriodSeconds: 10, containers: [{ name: 'main', lifecycle }] });
      await shows('hooks', /1\/1 +Running/);
      assert.deepEqual(said('hooks'), ['postStart']);
      await remove('hooks');
      assert.deepEqual(said('hooks'), ['postStart', 'preStop']);
      const preStop = {
        httpGet: {
          path: '/hook?name=preStop',
          port: 'http',
          httpHeaders: [{ name: 'X-Who', value: 'kubelet' }],
        },
      };
      const ports = [{ name: 'http', containerPort: 8080 }];
      const readinessProbe = { tcpSocket: { port: 'http' }, periodSeconds: 1 };
      await create('asked', {
        terminationGracePeriodSeconds: 10,
        containers: [{ name: 'main', image: PROBE_TARGET, ports, readinessProbe, lifecycle: { preStop } }],
      });
      await shows('asked', /1\/1 +Running/);
      const logs = scene.cluster.kubectl('logs', '-f', 'asked');
      await remove('asked');
      assert.match(await logs, /hook preStop kubelet\ntold to stop\n/);
    });

    test('a failing postStart kills the container and says so', async () => {
      const lifecycle = { postStart: { exec: { command: shell('echo no; exit 4') } } };
      await create('bad-hook', { containers: [{ name: 'main', lifecycle }] });
      await eventually('the Event', async () => {
        assert.match(await eventsOf('bad-hook'), /FailedPostStartHook: PostStartHook failed/);
      });
      await shows('bad-hook', /PostStartHookError|CrashLoopBackOff|Completed|Error/);
    });

    test('preStop sleep delays the signal, within the grace period', async () => {
      const lifecycle = { preStop: { sleep: { seconds: 1 } } };
      const command = shell(
        `trap '${say('sleepy', 'told')}; exit 0' TERM; ${say('sleepy', 'up')}; while :; do sleep 0.05; done`,
      );
      await create('sleepy', {
        terminationGracePeriodSeconds: 20,
        containers: [{ name: 'main', command, lifecycle }],
      });
      await shows('sleepy', /1\/1 +Running/);
      const begun = performance.now();
      await remove('sleepy');
      assert.ok(performance.now() - begun >= 1_000);
      assert.deepEqual(said('sleepy'), ['up', 'told']);
    });

    test('every kind of probe decides: http, tcp, grpc, exec', async () => {
      const target = (readinessProbe: object) => ({
        name: 'main',
        image: PROBE_TARGET,
        readinessProbe: { periodSeconds: 1, failureThreshold: 1, ...readinessProbe },
      });
      const flag = '"$KINTSUGI_ROOT/log/flag"';
      await create('p-http', { containers: [target({ httpGet: { path: '/health', port: 8080 } })] });
      await create('p-grpc', { containers: [target({ grpc: { port: 9090 } })] });
      await create('p-tcp', { containers: [target({ tcpSocket: { port: 9999 } })] });
      await create('p-exec', { containers: [target({ exec: { command: shell(`test -e ${flag}`) } })] });
      await shows('p-http', /1\/1 +Running/);
      await shows('p-grpc', /1\/1 +Running/);
      await shows('p-exec', /0\/1 +Running/);
      const ask = async (pod: string, path: string) =>
        scene.cluster.kubectl(
          'exec',
          pod,
          '--',
          process.execPath,
          '-e',
          `fetch('http://' + process.env.POD_IP + ':8080${path}', { method: 'POST' })`,
        );
      await ask('p-http', '/fail?what=http');
      await ask('p-grpc', '/fail?what=grpc');
      await scene.cluster.kubectl('exec', 'p-exec', '--', 'sh', '-c', `touch ${flag}`);
      await shows('p-http', /0\/1 +Running +0/);
      await shows('p-grpc', /0\/1 +Running +0/);
      await shows('p-exec', /1\/1 +Running +0/);
      await ask('p-grpc', '/mend?what=grpc');
      await shows('p-grpc', /1\/1 +Running +0/);
      assert.match(
        await eventsOf('p-http'),
        /Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500/,
      );
      assert.match(
        await eventsOf('p-tcp'),
        /Unhealthy: Readiness probe failed: dial tcp .*:9999: connect: connection refused/,
      );
      assert.match(
        await eventsOf('p-grpc'),
        /Unhealthy: Readiness probe failed: service unhealthy \(responded with "NOT_SERVING"\)/,
      );
    });

    test('liveness restarts, and startup holds it back', async () => {
      const script = `trap 'exit 0' TERM; ${say('alive', 'start')}; sleep infinity & wait`;
      const file = '"$KINTSUGI_ROOT/log/dead"';
      const probe = (command: string) => ({
        exec: { command: shell(command) },
        periodSeconds: 1,
        failureThreshold: 1,
      });
      await create('alive', {
        containers: [
          {
            name: 'main',
            command: shell(script),
            startupProbe: { ...probe(`test -e "$KINTSUGI_ROOT/log/started"`), failureThreshold: 60 },
            livenessProbe: probe(`if [ -e ${file} ]; then rm ${file}; echo I am dead; exit 1; fi`),
          },
        ],
      });
      await eventually('the startup probe has failed', async () => {
        assert.match(await eventsOf('alive'), /Unhealthy: Startup probe failed: /);
      });
      assert.match(await line('alive'), /0\/1 +Running +0/);
      await scene.cluster.kubectl(
        'exec',
        'alive',
        '--',
        'sh',
        '-c',
        `touch ${file}; test -e ${file}; touch "$KINTSUGI_ROOT/log/started"`,
      );
      await shows('alive', /1\/1 +Running +1 /);
      const events = await eventsOf('alive');
      assert.match(events, /Unhealthy: Liveness probe failed: I am dead/);
      assert.match(events, /Killing: Container main failed liveness probe, will be restarted/);
      assert.deepEqual(said('alive'), ['start', 'start']);
    });
  });
}
