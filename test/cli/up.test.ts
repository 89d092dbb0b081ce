/** `kintsugi up` and `down` as a user meets them: what they print, what they refuse, what is left when they end. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  eventually,
  isRoot,
  launchUp,
  NOBODY,
  newUpDataDir,
  run,
  startUpCluster,
  TOOLBOX,
} from '../tools/up-cluster.ts';

const pod = (name: string, image = TOOLBOX) => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec: { terminationGracePeriodSeconds: 0, containers: [{ name: main, image: "${image}" }] }
---
`;

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kintsugi-cli-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** One line on standard error, nothing on standard output, and the exit code. */
async function refusal(args: readonly string[], code: number): Promise<string> {
  const end = await run({ env: { HOME: folder } }, args);
  assert.equal(end.code, code, end.stderr);
  assert.equal(end.stdout, '');
  assert.match(end.stderr, /^kintsugi: [^\n]*\n$/);
  return end.stderr;
}

function childPid(dataDir: string, name: string): number {
  const state = JSON.parse(readFileSync(join(dataDir, 'keeper.json'), 'utf8'));
  return state.children.find((child: { name: string }) => child.name === name).process.pid;
}

/** The processes that name `dataDir`, or live in it: those of the cluster and those of its containers. */
function processesOf(dataDir: string): string[] {
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return others
    .map((pid) => {
      const command = read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      const places = ['cwd', 'root'].map((link) => read(() => readlinkSync(`/proc/${pid}/${link}`)));
      return [command, ...places].join(' ');
    })
    .filter((text) => text.includes(dataDir));
}

/** Of a process that is gone meanwhile: nothing. */
function read(from: () => string): string {
  try {
    return from();
  } catch {
    return '';
  }
}

test('up refuses wrong usage with exit code 2 and one line', async () => {
  assert.match(await refusal(['up', '--api-port', 'abc'], 2), /--api-port must be a whole number/);
  assert.match(await refusal(['up', '--api-port', '65536'], 2), /0 to 65535/);
  assert.match(await refusal(['up', '--nodes', '0'], 2), /--nodes must be a whole number, 1 to 100/);
  assert.match(await refusal(['up', '--runtime', 'docker'], 2), /--runtime must be one of/);
  assert.match(await refusal(['up', '--image', 'web'], 2), /--image must be REFERENCE=DIRECTORY/);
  assert.match(await refusal(['up', '--output', 'yaml'], 2), /--output must be one of text, json/);
  assert.match(await refusal(['up', '--nopeless'], 2), /unknown option '--nopeless'; see `kintsugi --help`/);
  assert.match(await refusal(['up', 'extra'], 2), /too many arguments/);
  assert.equal(existsSync(join(folder, '.kintsugi')), false);
});

test('up refuses what it cannot use with exit code 1 and one line, before anything starts', async () => {
  const at = (name: string) => ['up', '--api-port', '0', '--data-dir', join(folder, name)];
  const newer = join(folder, 'newer');
  await mkdir(newer);
  await writeFile(join(newer, 'cluster.json'), '{"format": 99}');
  assert.match(await refusal(at('newer'), 1), /cluster\.json was written by a newer version/);
  assert.equal(readFileSync(join(newer, 'cluster.json'), 'utf8'), '{"format": 99}');
  const damaged = join(folder, 'damaged');
  await mkdir(damaged);
  await writeFile(join(damaged, 'cluster.json'), '{"form');
  assert.match(await refusal(at('damaged'), 1), /cluster\.json is damaged/);
  await writeFile(join(folder, 'file'), '');
  assert.match(await refusal(at('file'), 1), /cannot make the data directory|is not a directory/);
  assert.match(
    await refusal([...at('a'), '--image', 'web=/nowhere'], 1),
    /\/nowhere\/image\.json: no such file/,
  );
  assert.match(
    await refusal([...at('a'), '--image', 'Not Valid=/tmp'], 1),
    /couldn't parse image name "Not Valid"/,
  );
  assert.match(
    await refusal([...at('b'), '-f', join(folder, 'gone.yaml')], 1),
    /the path ".*gone\.yaml" does not exist/,
  );
  assert.equal(existsSync(join(folder, 'b')), false);
});

test('up refuses a data directory that it may not write', {
  skip: isRoot ? false : 'needs root to be someone else',
}, async () => {
  const locked = join(folder, 'locked');
  await mkdir(locked, { mode: 0o755 });
  await chmod(folder, 0o755);
  const args = ['up', '--api-port', '0', '--data-dir'];
  for (const directory of [locked, join(locked, 'inside')]) {
    const { code, stderr } = await run({ uid: NOBODY }, [...args, directory]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^kintsugi: cannot (make|write to) the data directory [^\n]*permission denied[^\n]*\n$/,
    );
  }
});

test('up prints one ready line, keeps its files private, and ends by Ctrl-C with exit code 0', async () => {
  const cluster = await startUpCluster();
  await using _ = cluster;
  const { up, dataDir, kubeconfig } = cluster;
  const lines = up.stdout().trimEnd().split('\n');
  assert.equal(lines.length, 1);
  const ready = JSON.parse(lines[0]!);
  assert.deepEqual(Object.keys(ready), ['ready', 'kubeconfig', 'server', 'nodes', 'startedInMs']);
  assert.deepEqual([ready.ready, ready.nodes, ready.kubeconfig], [true, 1, join(dataDir, 'kubeconfig')]);
  assert.match(ready.server, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await stat(kubeconfig)).mode & 0o777, 0o600);
  assert.equal((await stat(dataDir)).mode & 0o077, 0);
  const end = await cluster.stop();
  assert.equal(end.code, 0);
  assert.match(end.stderr, /stopped; everything is kept/);
  assert.deepEqual(processesOf(dataDir), []);
});

test('up a second time on the same data directory refuses and disturbs nothing', async () => {
  const cluster = await startUpCluster();
  await using _ = cluster;
  const { dataDir } = cluster;
  const said = await refusal(['up', '--data-dir', dataDir, '--api-port', '0'], 1);
  assert.match(
    said,
    new RegExp(`data directory ${dataDir} is in use by process \\d+: stop it with \`kintsugi down`),
  );
  const port = new URL(cluster.server).port;
  const other = launchUp({ dataDir: await newUpDataDir(), args: ['--api-port', port] });
  const end = await other.exited;
  assert.equal(end.code, 1);
  assert.match(
    end.stderr,
    /^kintsugi: the server cannot start: cannot listen on 127\.0\.0\.1:\d+: the port is already in use[^\n]*\n$/m,
  );
  assert.equal((await cluster.kintsugi('get', 'nodes')).code, 0);
});

test('up -f applies what it can, says what it cannot, keeps running, and ends with exit code 1', async () => {
  const file = join(folder, 'mixed.yaml');
  const broken = join(folder, 'broken.yaml');
  const unknown = 'apiVersion: v1\nkind: Frob\nmetadata: { name: x }\n---\n';
  await writeFile(file, pod('first') + unknown + pod('Wrong') + pod('last'));
  await writeFile(broken, 'a: [b\n');
  const cluster = await startUpCluster({ args: ['-f', file, '-f', broken] });
  await using _ = cluster;
  await cluster.up.untilError(/pod\/last created/);
  const said = cluster.up.stderr();
  assert.match(said, /^unable to recognize .*mixed\.yaml: no matches for kind "Frob" in version "v1"$/m);
  assert.match(said, /^error parsing .*broken\.yaml: line \d+/m);
  assert.match(
    said,
    /^.*mixed\.yaml: Error from server \(Invalid\): Pod "Wrong" is invalid: metadata\.name/m,
  );
  assert.match(said, /^pod\/first created$/m);
  await eventually('both run', async () => {
    const { stdout } = await cluster.kintsugi('get', 'pods', '--no-headers');
    assert.match(stdout, /first +1\/1 +Running[\s\S]*last +1\/1 +Running/);
  });
  assert.equal((await cluster.stop()).code, 1);
});

test('up brings everything back that was there, on the same address', async () => {
  const dataDir = await newUpDataDir();
  const first = await startUpCluster({ dataDir });
  const { server } = first;
  await first.kubectl.withInput(pod('kept'), 'apply', '-f', '-');
  await first.kubectl('wait', '--for=condition=Ready', 'pod/kept', '--timeout=20s');
  const uid = await first.kubectl('get', 'pod', 'kept', '-o', 'jsonpath={.metadata.uid}');
  await first.stop();
  const second = await startUpCluster({ dataDir });
  await using _ = second;
  assert.equal(second.server, server);
  await second.kubectl('wait', '--for=condition=Ready', 'pod/kept', '--timeout=25s');
  assert.equal(await second.kubectl('get', 'pod', 'kept', '-o', 'jsonpath={.metadata.uid}'), uid);
});

test('down stops everything from elsewhere, and says when there is nothing to stop', async () => {
  const cluster = await startUpCluster();
  await using _ = cluster;
  const { dataDir } = cluster;
  await cluster.kubectl.withInput(pod('one'), 'apply', '-f', '-');
  await cluster.kubectl('wait', '--for=condition=Ready', 'pod/one', '--timeout=20s');
  const down = await cluster.kintsugi('down');
  assert.deepEqual([down.code, down.stderr], [0, '']);
  assert.match(down.stdout, /^kintsugi: stopped; everything is kept/);
  assert.equal((await cluster.up.exited).code, 0);
  assert.deepEqual(processesOf(dataDir), []);
  const again = await cluster.kintsugi('down', '--output', 'json');
  assert.deepEqual([again.code, JSON.parse(again.stdout)], [0, { outcome: 'nothing', dataDir }]);
  assert.match(
    await refusal(['down', '--data-dir', join(folder, 'none')], 1),
    /holds no cluster: nothing to stop/,
  );
});

for (const victim of ['keeper', 'agent-node-1', 'server']) {
  test(`down stops everything also after a kill -9 of ${victim}`, async () => {
    const cluster = await startUpCluster();
    await using _ = cluster;
    const { dataDir } = cluster;
    await cluster.kubectl.withInput(pod('one'), 'apply', '-f', '-');
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/one', '--timeout=20s');
    const pid = victim === 'keeper' ? cluster.up.pid : childPid(dataDir, victim);
    assert.ok(processesOf(dataDir).length > 3);
    process.kill(pid, 'SIGKILL');
    const down = await cluster.kintsugi('down');
    assert.equal(down.code, 0, down.stderr);
    assert.match(down.stdout, /^kintsugi: stopped/);
    await cluster.up.exited;
    assert.deepEqual(processesOf(dataDir), []);
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(dataDir));
  });
}

test('up as an ordinary user keeps everything in ~/.kintsugi', {
  skip: isRoot ? false : 'needs root to be someone else',
}, async (t) => {
  const home = await newUpDataDir(NOBODY);
  t.after(() => rm(home, { recursive: true, force: true }));
  const cluster = await startUpCluster({
    dataDir: join(home, '.kintsugi'),
    uid: NOBODY,
    env: { HOME: home },
  });
  await using _ = cluster;
  const asUser = (...args: string[]) => run({ uid: NOBODY, env: { HOME: home } }, args);
  assert.match((await asUser('get', 'nodes')).stdout, /node-1 +Ready/);
  await cluster.kubectl.withInput(pod('mine'), 'apply', '-f', '-');
  await cluster.kubectl('wait', '--for=condition=Ready', 'pod/mine', '--timeout=25s');
  assert.match(
    (await asUser('get', 'pods', '-o', 'wide')).stdout,
    /mine +1\/1 +Running +0 +\S+ +127\.\d+\.\d+\.\d+ +node-1/,
  );
  const down = await asUser('down');
  assert.equal(down.code, 0, down.stderr);
  assert.deepEqual(processesOf(home), []);
});
