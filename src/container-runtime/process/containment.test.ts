/** What a program of the process runtime sees, and that nothing of it is left behind. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { containerConfig, sandboxConfig } from '../runtime.contract.ts';
import type { ContainerConfig, ContainerStatus, ExecSession } from '../runtime.ts';
import type { Isolation } from './isolation.ts';
import { CONTAINER_ID_VARIABLE } from './launch-scripts.ts';
import {
  availableIsolations,
  eventually,
  newRuntimeFixture,
  type RuntimeFixture,
} from './process-runtime.fixture.ts';
import type { ProcessRuntime } from './process-runtime.ts';
import { childrenOf, findProcesses, hasEnvironmentEntry } from './process-table.ts';

const never = new AbortController().signal;
const isolations = await availableIsolations();

interface Scene {
  fixture: RuntimeFixture;
  runtime: ProcessRuntime;
  sandboxId: string;
  start: (script: string, overrides?: Partial<ContainerConfig>) => Promise<string>;
  exited: (id: string) => Promise<ContainerStatus>;
  log: (id: string) => Promise<string>;
  /** The output of a script that ends by itself. */
  output: (script: string, overrides?: Partial<ContainerConfig>) => Promise<string>;
}

async function newScene(t: TestContext, isolation: Isolation): Promise<Scene> {
  const fixture = await newRuntimeFixture(t, isolation);
  const runtime = await fixture.open();
  t.after(() => runtime.close());
  const sandboxId = await runtime.runPodSandbox(sandboxConfig(), never);
  let images = 0;
  const scene: Scene = {
    fixture,
    runtime,
    sandboxId,
    async start(script, overrides = {}) {
      const metadata = { name: 'main', attempt: images++ };
      const image = `program-${metadata.attempt}`;
      await fixture.addImage(image, script);
      const config = containerConfig({ image, metadata, ...overrides });
      const id = await runtime.createContainer(sandboxId, config, never);
      await runtime.startContainer(id, never);
      return id;
    },
    exited: (id) =>
      eventually('the exit', async () =>
        (await runtime.listContainers()).find((c) => c.id === id && c.state === 'exited'),
      ),
    async log(id) {
      let text = '';
      const options = { follow: false };
      for await (const { line } of runtime.readLog(id, options, never)) text += Buffer.from(line).toString();
      return text;
    },
    async output(script, overrides) {
      const id = await scene.start(script, overrides);
      await scene.exited(id);
      return scene.log(id);
    },
  };
  return scene;
}

function scenario(
  name: string,
  wanted: Isolation[],
  body: (scene: Scene, isolation: Isolation) => Promise<void>,
): void {
  for (const isolation of wanted) {
    const options = { skip: isolations.includes(isolation) ? false : `no isolation "${isolation}" here` };
    test(`ProcessRuntime (${isolation}) ${name}`, options, async (t) =>
      body(await newScene(t, isolation), isolation),
    );
  }
}

const ALL: Isolation[] = ['root', 'user', 'none'];

function processesOf(containerId: string): number {
  const marker = `${CONTAINER_ID_VARIABLE}=${containerId}`;
  return findProcesses(({ pid, state }) => state !== 'Z' && hasEnvironmentEntry(pid, marker)).length;
}

scenario('lets no daemon outlive its container', ALL, async ({ fixture, start, exited }) => {
  const daemon = '( setsid sh -c "sleep 4321 & sleep 4322" >/dev/null 2>&1 & )';
  const go = join(fixture.directory, 'go');
  const id = await start(`${daemon}\nwhile [ ! -e "${go}" ]; do sleep 0.01; done`);
  await eventually('the daemon', () => (processesOf(id) >= 3 ? true : undefined));
  writeFileSync(go, '');
  await exited(id);
  await eventually('the end of all processes', () => (processesOf(id) === 0 ? true : undefined));
});

scenario(
  'shows volumes at their paths and creates nothing on the machine',
  ['root', 'user'],
  async ({ fixture, output }) => {
    const volume = join(fixture.directory, 'volume');
    const inner = join(fixture.directory, 'inner');
    const file = join(fixture.directory, 'file');
    for (const directory of [volume, inner]) mkdirSync(directory);
    writeFileSync(join(volume, 'name'), 'outer');
    writeFileSync(join(inner, 'name'), 'inner');
    writeFileSync(file, 'content');
    const mounts = [
      { containerPath: '/kintsugi-volume/deep', hostPath: volume, readonly: false },
      { containerPath: '/kintsugi-volume/deep/inner', hostPath: inner, readonly: true },
      { containerPath: '/var/run/kintsugi-secret/token', hostPath: file, readonly: true },
      { containerPath: '/etc/kintsugi.conf', hostPath: file, readonly: false },
    ];
    const text = await output(
      `cd /kintsugi-volume/deep; cat name inner/name /run/kintsugi-secret/token /etc/kintsugi.conf "$KINTSUGI_ROOT/etc/kintsugi.conf"; echo
     echo written >out; ( echo no >inner/out ) 2>/dev/null || echo read-only; test -e /etc/passwd && test -d /proc/1 && echo machine`,
      { mounts },
    );
    assert.match(text, /^outerinnercontentcontentcontent\n/);
    assert.match(text, /read-only\nmachine\n$/);
    assert.equal(readFileSync(join(volume, 'out'), 'utf8'), 'written\n');
    for (const path of ['/kintsugi-volume', '/run/kintsugi-secret', '/etc/kintsugi.conf'])
      assert.ok(!existsSync(path), path);
  },
);

scenario(
  'offers volumes below KINTSUGI_ROOT where nothing can be mounted',
  ['none'],
  async ({ fixture, output }) => {
    const volume = join(fixture.directory, 'volume');
    mkdirSync(volume);
    writeFileSync(join(volume, 'name'), 'outer');
    const mounts = [{ containerPath: '/data', hostPath: volume, readonly: false }];
    assert.equal(await output('cat "$KINTSUGI_ROOT/data/name"', { mounts }), 'outer');
  },
);

scenario(
  'links a file of a payload to whichever version is current',
  ['none'],
  async ({ fixture, output }) => {
    const volume = join(fixture.directory, 'payload');
    const version = join(volume, '..2026_11_21_09_00_00.000.1');
    mkdirSync(version, { recursive: true });
    writeFileSync(join(version, 'name'), 'new');
    symlinkSync(basename(version), join(volume, '..data'));
    const old = join(volume, '..2026_11_20_09_00_00.000.1', 'name');
    const mounts = [{ containerPath: '/name', hostPath: old, readonly: false }];
    assert.equal(await output('cat "$KINTSUGI_ROOT/name"', { mounts }), 'new');
  },
);

scenario(
  'keeps the root read-only where that is asked for',
  ['root', 'user'],
  async ({ fixture, output }) => {
    const volume = join(fixture.directory, 'volume');
    mkdirSync(volume);
    const security = { supplementalGroups: [], readonlyRootFilesystem: true, privileged: false };
    const mounts = [{ containerPath: '/scratch', hostPath: volume, readonly: false }];
    const script =
      'for d in / /tmp /usr /scratch; do ( : >"$d/kintsugi-probe" ) 2>/dev/null && echo "$d"; done; : >/dev/null';
    assert.equal(await output(script, { mounts, security }), '/scratch\n');
  },
);

scenario(
  'passes the environment on unchanged, whatever the names and values',
  ALL,
  async ({ output, sandboxId, runtime }) => {
    const env = [
      { name: 'dotted.name-x', value: 'a b' },
      { name: 'QUOTES', value: `it's "quoted" $HOME \`x\`\nsecond line` },
      { name: 'EMPTY', value: '' },
      { name: 'OPTIND', value: 'seven' },
      { name: 'PWD', value: '/elsewhere' },
    ];
    const text = await output('', { env, command: ['node', '-p', 'JSON.stringify(process.env)'] });
    const seen = JSON.parse(text) as Record<string, string>;
    for (const { name, value } of env) assert.equal(seen[name], value, name);
    const [sandbox] = (await runtime.listPodSandboxes()).filter(({ id }) => id === sandboxId);
    assert.equal(seen['POD_IP'], sandbox?.ip);
    assert.equal(seen['HOSTNAME'], 'web-0');
    assert.ok(seen['HOST'] === '0.0.0.0' || seen['HOST'] === sandbox?.ip);
  },
);

scenario('gives the Pod its host name and hosts file', ['root', 'user'], async ({ output, runtime }) => {
  const [sandbox] = await runtime.listPodSandboxes();
  const text = await output('uname -n; grep web-0 /etc/hosts');
  assert.equal(text, `web-0\n${sandbox?.ip}\tweb-0\n`);
});

scenario('runs as the user that is asked for', ['root', 'user'], async ({ output, start, runtime }) => {
  const security = {
    runAsUser: 1234,
    runAsGroup: 4321,
    supplementalGroups: [],
    readonlyRootFilesystem: false,
    privileged: false,
  };
  assert.equal(await output('id -u; id -g', { security }), '1234\n4321\n');
  const id = await start('exec sleep 1000', { security });
  const { stdout } = await runtime.execSync(id, ['id', '-u'], 10_000, never);
  assert.equal(Buffer.from(stdout).toString(), '1234\n');
});

scenario(
  'runs as the user of the image, unless the manifest says another',
  ['root'],
  async ({ fixture, runtime, sandboxId, exited, log }) => {
    await fixture.addImage('app', 'id -u; id -g');
    const directory = join(fixture.directory, 'images', 'app');
    const config = { Entrypoint: ['./main.sh'], User: '1234:4321' };
    writeFileSync(join(directory, 'image.json'), JSON.stringify({ config }));
    assert.deepEqual((await runtime.imageStatus('app'))?.user, { uid: 1234 });
    let attempt = 0;
    const outputAs = async (security: object) => {
      const base = containerConfig({ image: 'app', metadata: { name: 'app', attempt: attempt++ } });
      const own = { ...base, security: { ...base.security, ...security } };
      const id = await runtime.createContainer(sandboxId, own, never);
      await runtime.startContainer(id, never);
      await exited(id);
      return log(id);
    };
    assert.equal(await outputAs({}), '1234\n4321\n');
    assert.equal(await outputAs({ runAsUser: 7 }), '7\n0\n');
  },
);

scenario('reopens /dev/stderr without losing a line', ALL, async ({ output }) => {
  const text = await output('for i in 1 2 3; do echo "out $i"; echo "err $i" >/dev/stderr; done');
  assert.deepEqual(text.trim().split('\n').sort(), ['err 1', 'err 2', 'err 3', 'out 1', 'out 2', 'out 3']);
});

scenario('runs a command in a terminal that can be resized', ALL, async ({ start, runtime }) => {
  const id = await start('exec sleep 1000');
  const options = { command: ['sh'], stdin: true, stdout: true, stderr: true, tty: true };
  const session = await runtime.exec(id, options, never);
  session.resize(101, 33);
  await session.writeStdin(Buffer.from('stty size; tty; exit 9\n'));
  const text = await readAll(session);
  assert.match(text, /33 101/);
  assert.match(text, /\/dev\/pts\/\d+/);
  assert.equal(await session.exited, 9);
});

scenario(
  'exec sees the container, not the machine',
  ['root', 'user'],
  async ({ fixture, start, runtime }) => {
    const volume = join(fixture.directory, 'volume');
    mkdirSync(volume);
    writeFileSync(join(volume, 'name'), 'here');
    const mounts = [{ containerPath: '/kintsugi-data', hostPath: volume, readonly: false }];
    const id = await start('exec sleep 1000', { mounts, env: [{ name: 'GREETING', value: 'hi' }] });
    const command = ['sh', '-c', 'cat /kintsugi-data/name; echo " $GREETING"; cat /proc/1/comm; uname -n'];
    const { stdout } = await runtime.execSync(id, command, 10_000, never);
    assert.equal(Buffer.from(stdout).toString(), 'here hi\nsleep\nweb-0\n');
  },
);

scenario(
  'carries standard input of attach, to its end with stdinOnce',
  ALL,
  async ({ start, runtime, exited, log }) => {
    const id = await start('cat; echo end', { stdin: true, stdinOnce: true });
    const streams = { stdin: true, stdout: true, stderr: true, tty: false };
    const session = await runtime.attach(id, streams, never);
    await session.writeStdin(Buffer.from('hello\n'));
    session.closeStdin();
    assert.equal(await readAll(session), 'hello\nend\n');
    assert.equal((await exited(id)).exitCode, 0);
    assert.equal(await log(id), 'hello\nend\n');
  },
);

scenario(
  'lets go of the standard input of a container that ends',
  ALL,
  async ({ start, runtime, exited }) => {
    const id = await start('read -r line; exit 4', { stdin: true, stdinOnce: true });
    const streams = { stdin: true, stdout: true, stderr: true, tty: false };
    const session = await runtime.attach(id, streams, never);
    await session.writeStdin(Buffer.from('go\n'));
    assert.equal(await session.exited, 4);
    session.closeStdin();
    session.close();
    assert.equal((await exited(id)).exitCode, 4);
  },
);

scenario(
  'gives a container a terminal of its own, which attach resizes',
  ALL,
  async ({ start, runtime, exited }, isolation) => {
    const id = await start('stty -echo; read -r line; tty; stty size; exit 6', { stdin: true, tty: true });
    const streams = { stdin: true, stdout: true, stderr: false, tty: true };
    const session = await runtime.attach(id, streams, never);
    session.resize(101, 33);
    const init = await eventually('the terminal', () => initOf(id));
    await eventually('the new size', () => {
      const [program] = childrenOf(init);
      const size = program && spawnSync('stty', ['-F', `/proc/${program}/fd/0`, 'size']).stdout.toString();
      return size === '33 101\n' || undefined;
    });
    await session.writeStdin(Buffer.from('go\n'));
    const text = await readAll(session);
    assert.match(
      text,
      isolation === 'none' ? /\/dev\/pts\/\d+\r\n33 101\r\n/ : /\/dev\/pts\/0\r\n33 101\r\n/,
    );
    assert.equal((await exited(id)).exitCode, 6);
  },
);

scenario('gives a terminal without input that never ends', ALL, async ({ start, exited, log }) => {
  const id = await start('tty >/dev/null && (read -r line; echo read) & sleep 0.2; kill $!; exit 3', {
    tty: true,
  });
  assert.equal((await exited(id)).exitCode, 3);
  assert.doesNotMatch(await log(id), /read/);
});

scenario('has only devices that any user may open', ['root', 'user'], async ({ output }) => {
  const devices = (await output('ls /dev')).split('\n');
  for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx', 'pts']) {
    assert.ok(devices.includes(name), name);
  }
  assert.match(await output('script -qec tty /dev/null </dev/null'), /\/dev\/pts\/\d+/);
  assert.equal(
    await output('find /dev/ -maxdepth 1 -type b; find /dev/ -maxdepth 1 -type c ! -perm -006'),
    '',
  );
});

scenario('attach waits for a program that does not read', ALL, async ({ start, runtime }) => {
  const id = await start('read -r line; echo "$line"; head -c 300000 >/dev/null; echo read', { stdin: true });
  const streams = { stdin: true, stdout: true, stderr: true, tty: false };
  const session = await runtime.attach(id, streams, never);
  const waiting = await runtime.attach(await start('exec sleep 1000', { stdin: true }), streams, never);
  const stuck = waiting.writeStdin(Buffer.alloc(300_000));
  await session.writeStdin(Buffer.from('go\n'));
  await session.writeStdin(Buffer.alloc(300_000));
  assert.equal(await readAll(session), 'go\nread\n');
  waiting.close();
  await stuck;
});

scenario('tells what ended a program by a signal', ['none'], async ({ start, exited, runtime }) => {
  // In a process namespace of its own the first process gets no signal that it does not handle, as in any container.
  const id = await start('exec sleep 1000');
  await runtime.stopContainer(id, 10_000, never);
  assert.equal((await exited(id)).exitCode, 143);
});

scenario('is OOMKilled past its memory limit', ['root'], async ({ start, exited }) => {
  const id = await start(`exec node -e 'const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1));'`, {
    resources: { memoryLimitBytes: 64 * 1024 * 1024, cpuLimitMillis: 1000, cpuRequestMillis: 100 },
  });
  const { exitCode, reason } = await exited(id);
  assert.deepEqual([exitCode, reason], [137, 'OOMKilled']);
});

scenario('is OOMKilled past the memory limit of its Pod', ['root'], async ({ runtime, fixture, exited }) => {
  await fixture.addImage(
    'eater',
    `exec node -e 'const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1));'`,
  );
  const metadata = { name: 'limited', namespace: 'default', uid: 'u-3', attempt: 0 };
  const resources = { memoryLimitBytes: 64 * 1024 * 1024, cpuLimitMillis: 1000 };
  const limited = await runtime.runPodSandbox(sandboxConfig({ metadata, resources }), never);
  const id = await runtime.createContainer(limited, containerConfig({ image: 'eater' }), never);
  await runtime.startContainer(id, never);
  const { exitCode, reason } = await exited(id);
  assert.deepEqual([exitCode, reason], [137, 'OOMKilled']);
});

scenario('reports what containers use', ALL, async ({ start, runtime }) => {
  const id = await start('exec sleep 1000');
  // Between its fork and its first page a program uses nothing yet.
  await eventually('its memory', async () => {
    const [stats] = await runtime.stats();
    assert.equal(stats?.containerId, id);
    return stats.memoryWorkingSetBytes > 0 ? true : undefined;
  });
});

scenario(
  'connects Pods to each other and to nothing that is not there',
  ['root'],
  async ({ runtime, output, fixture }) => {
    await fixture.addImage(
      'server',
      `exec node -e "require('net').createServer((s) => s.end('served')).listen(8080)"`,
    );
    const metadata = { name: 'other', namespace: 'default', uid: 'u-2', attempt: 0 };
    const other = await runtime.runPodSandbox(sandboxConfig({ metadata }), never);
    const id = await runtime.createContainer(other, containerConfig({ image: 'server' }), never);
    await runtime.startContainer(id, never);
    const { ip } = (await runtime.listPodSandboxes()).find((sandbox) => sandbox.id === other)!;
    const connect = (address: string) => `exec node -e "
    const attempt = () => require('net').connect(8080, '${address}').on('data', (d) => console.log(String(d)))
      .on('error', (e) => e.code === 'ECONNREFUSED' ? setTimeout(attempt, 20) : console.log(e.code));
    attempt();"`;
    assert.equal(await output(connect(ip)), 'served\n');
    assert.match(await output(connect('10.213.77.9')), /^E(HOST|NET)UNREACH\n$/);
  },
);

scenario('leaves nothing behind', ALL, async ({ fixture, runtime, start }, isolation) => {
  const id = await start('( setsid sleep 4321 & ); exec sleep 1000');
  await runtime.destroyAll(never);
  assert.equal(processesOf(id), 0);
  assert.deepEqual(readdirSync(join(fixture.directory, 'state', 'containers')), []);
  assert.deepEqual(readdirSync(join(fixture.directory, 'state', 'sandboxes')), []);
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(fixture.directory));
  if (isolation !== 'root') return;
  const named = (directory: string) =>
    (existsSync(directory) ? readdirSync(directory) : []).filter((n) => n.includes(fixture.clusterId));
  for (const directory of ['/run/netns', '/sys/class/net', '/sys/fs/cgroup', '/sys/fs/cgroup/memory']) {
    assert.deepEqual(named(directory), [], directory);
  }
});

/** The program's parent: the first process of a container on a terminal. */
function initOf(containerId: string): number | undefined {
  const marker = `${CONTAINER_ID_VARIABLE}=${containerId}`;
  const found = findProcesses(({ pid }) => hasEnvironmentEntry(pid, marker));
  return found.find(({ pid }) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'script\n')?.pid;
}

async function readAll(session: ExecSession): Promise<string> {
  let text = '';
  for await (const chunk of session.stdout) text += Buffer.from(chunk).toString();
  return text;
}
