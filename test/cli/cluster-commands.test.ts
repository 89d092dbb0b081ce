/** The commands of `kintsugi` that look and change, on a cluster that it started itself: for where kubectl is absent. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCommand } from '../tools/running-command.ts';
import { eventually, KINTSUGI, startUpCluster, TOOLBOX, type UpCluster } from '../tools/up-cluster.ts';

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: main, image: "${TOOLBOX}" }] }
`;
const TALKER = `
apiVersion: v1
kind: Pod
metadata: { name: talker, labels: { app: talker } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: "${TOOLBOX}"
      command: [sh, -c, 'echo one; echo two; trap "echo bye; exit 1" USR1; while :; do sleep 0.05; done']
    - name: other
      image: "${TOOLBOX}"
      command: [sh, -c, 'echo from other; exec sleep infinity']
`;

let cluster: UpCluster;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kintsugi-cli-'));
  await writeFile(join(folder, 'web.yaml'), DEPLOYMENT);
  await writeFile(join(folder, 'talker.yaml'), TALKER);
  cluster = await startUpCluster();
});
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Standard output of a command that must succeed and say nothing else. */
async function k(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.kintsugi(...args);
  assert.deepEqual([code, stderr], [0, ''], args.join(' '));
  return stdout;
}

/** The one line on standard error of a command that must fail so. */
async function failure(code: number, ...args: string[]): Promise<string> {
  const end = await cluster.kintsugi(...args);
  assert.deepEqual([end.code, end.stdout], [code, ''], end.stderr);
  assert.match(end.stderr, /^[^\n]+\n$/);
  return end.stderr;
}

test('apply creates, and says so: text, name, json', async () => {
  assert.equal(await k('apply', '-f', join(folder, 'web.yaml')), 'deployment.apps/web created\n');
  assert.equal(await k('apply', '-f', join(folder, 'web.yaml'), '-o', 'name'), 'deployment.apps/web\n');
  const both = JSON.parse(await k('apply', '-f', folder, '-o', 'json'));
  assert.deepEqual(both, [
    { name: 'pod/talker', outcome: 'created' },
    { name: 'deployment.apps/web', outcome: 'unchanged' },
  ]);
  await eventually('everything runs', async () => {
    assert.equal((await k('get', 'pods', '--no-headers')).match(/ Running /g)?.length, 3);
  });
});

test('apply reads standard input', async () => {
  const manifest = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"piped"}}';
  const args = ['apply', '-f', '-', '--data-dir', cluster.dataDir];
  const { code, stdout } = await runCommand(KINTSUGI, args, { input: manifest });
  assert.deepEqual([code, stdout], [0, 'configmap/piped created\n']);
});

test('get prints Tables: of a kind, of names, of everything, wide, with labels, selected', async () => {
  assert.match(
    await k('get', 'deploy'),
    /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2 +2 +2 +\d+s\n$/,
  );
  assert.match(
    await k('get', 'deploy/web', 'pod/talker'),
    /deployment\.apps\/web +2\/2[\s\S]*pod\/talker +2\/2/,
  );
  assert.match(await k('get', 'pods', '-o', 'wide'), /^NAME .*IP +NODE/);
  assert.match(
    await k('get', 'pods', '-A', '-l', 'app=talker'),
    /^NAMESPACE +NAME .*\ndefault +talker +2\/2 +Running[^\n]*\n$/,
  );
  assert.match(await k('get', 'pod', 'talker', '--show-labels', '--no-headers'), /^talker .*app=talker\n$/);
  assert.match(
    await k('get', 'pods', '--field-selector', 'metadata.name=talker', '-o', 'name'),
    /^pod\/talker\n$/,
  );
  assert.match(
    await k('get', 'all'),
    /pod\/talker[\s\S]*service\/kubernetes[\s\S]*deployment\.apps\/web[\s\S]*replicaset\.apps\/web-/,
  );
  assert.match(await k('get', 'namespaces'), /kube-system +Active/);
  const { code, stderr } = await cluster.kintsugi('get', 'secrets', '-n', 'default');
  assert.deepEqual([code, stderr], [0, 'No resources found in default namespace.\n']);
});

test('get gives objects as JSON, YAML and names', async () => {
  const pod = JSON.parse(await k('get', 'pod', 'talker', '-o', 'json'));
  assert.deepEqual([pod.kind, pod.metadata.name, pod.status.phase], ['Pod', 'talker', 'Running']);
  const list = JSON.parse(await k('get', 'pods', '-o', 'json'));
  assert.deepEqual([list.kind, list.items.length, list.items[0].kind], ['List', 3, 'Pod']);
  assert.match(await k('get', 'pod', 'talker', '-o', 'yaml'), /^apiVersion: v1\nkind: Pod\nmetadata:\n/);
  assert.match(await k('get', 'pods', '-o', 'name'), /^(pod\/[a-z0-9-]+\n){3}$/);
});

test('get -w prints what changes until Ctrl-C, and that is no failure', async () => {
  const watch = cluster.startKintsugi('get', 'pods', '-w', '-l', 'app=web');
  await watch.untilOutput(/^NAME [\s\S]*Running[\s\S]*Running/);
  const victim = /^(web-\S+)/m.exec(await k('get', 'pods', '-l', 'app=web'))![1]!;
  await k('delete', 'pod', victim);
  await watch.untilOutput(new RegExp(`${victim} +1/1 +Terminating`));
  await watch.untilOutput(/ContainerCreating[\s\S]*1\/1 +Running/);
  watch.signal('SIGINT');
  assert.equal((await watch.exited).code, 0);
});

test('describe shows a Pod with its Events', async () => {
  const text = await k('describe', 'pod/talker');
  for (const expected of [/^Name: +talker$/m, /Running/, /main/, /other/, /Events:/, /Scheduled/, /Started/])
    assert.match(text, expected);
  assert.match(await k('describe', 'deployment', 'web'), /ScalingReplicaSet/);
});

test('logs prints a container’s output, follows it, and keeps what was before', async () => {
  assert.equal(await k('logs', 'talker', '-c', 'main'), 'one\ntwo\n');
  assert.equal(await k('logs', 'pod/talker', '-c', 'main', '--tail', '1'), 'two\n');
  assert.match(await k('logs', 'talker', '-c', 'main', '--timestamps', '--since', '1h'), /^\d{4}-\S+Z one\n/);
  assert.match(
    await failure(1, 'logs', 'talker'),
    /a container name must be specified for pod talker, choose one of: \[main other\]/,
  );
  assert.match(
    await failure(1, 'logs', 'talker', '-c', 'main', '-p'),
    /previous terminated container "main" in pod "talker" not found/,
  );
  assert.match(await failure(2, 'logs', 'talker', '--since', 'soon'), /--since must be a duration/);
  const follow = cluster.startKintsugi('logs', '-f', 'talker', '-c', 'main');
  await follow.untilOutput(/two/);
  await cluster.kubectl('exec', 'talker', '-c', 'main', '--', 'sh', '-c', 'kill -USR1 1');
  const end = await follow.exited;
  assert.deepEqual([end.code, end.stdout], [0, 'one\ntwo\nbye\n']);
  await eventually('the log of the one before', async () => {
    assert.equal(await k('logs', 'talker', '-c', 'main', '--previous'), 'one\ntwo\nbye\n');
  });
});

test('events prints what was done, about one object, as JSON, and as it happens', async () => {
  assert.match(await k('events'), /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/);
  const lines = (await k('events', '--for', 'pod/talker', '-o', 'json')).trim().split('\n');
  assert.ok(lines.map((line) => JSON.parse(line)).every((event) => event.involvedObject.name === 'talker'));
  const watch = cluster.startKintsugi('events', '--watch', '--for', 'pod/extra');
  const manifest = TALKER.replace('name: talker,', 'name: extra,');
  await runCommand(KINTSUGI, ['apply', '-f', '-', '--data-dir', cluster.dataDir], { input: manifest });
  await watch.untilOutput(/Scheduled +pod\/extra[\s\S]*Started +pod\/extra/);
  watch.signal('SIGINT');
  assert.equal((await watch.exited).code, 0);
});

test('delete removes by name, by label and by manifest, and waits', async () => {
  assert.equal(await k('delete', 'pod', 'extra'), 'pod/extra deleted\n');
  assert.match(
    await failure(1, 'get', 'pod', 'extra'),
    /Error from server \(NotFound\): pods "extra" not found/,
  );
  assert.match(await failure(1, 'delete', 'pod', 'extra'), /pods "extra" not found/);
  assert.equal(await k('delete', 'pod', 'extra', '--ignore-not-found'), '');
  assert.match(await failure(2, 'delete', 'pods'), /say which: names, -l SELECTOR, or --all/);
  assert.equal(await k('delete', 'pods', '-l', 'app=talker'), 'pod/talker deleted\n');
  assert.equal(
    await k('delete', '-f', join(folder, 'web.yaml'), '--cascade', 'foreground'),
    'deployment.apps/web deleted\n',
  );
  const left = await cluster.kintsugi('get', 'pods');
  assert.equal(left.stderr, 'No resources found in default namespace.\n');
});

test('version tells both versions, also without a server', async () => {
  assert.match(await k('version'), /^Client: kintsugi \d+\.\d+\.\d+\nServer: v1\.36\.\d+\+kintsugi\n$/);
  assert.match(JSON.parse(await k('version', '--output', 'json')).serverVersion.gitVersion, /^v1\.36/);
  const { code, stdout } = await runCommand(KINTSUGI, ['version', '--data-dir', folder]);
  assert.equal(code, 0);
  assert.match(stdout, /^Client: .*\nServer: no cluster found: .*`kintsugi up`.*\n$/);
});

test('what is wrong is one line, with the exit code of its kind', async () => {
  assert.match(await failure(2, 'get'), /missing required argument 'type'; see `kintsugi --help`/);
  assert.match(await failure(2, 'get', 'frobs'), /doesn't have a resource type "frobs"/);
  assert.match(await failure(2, 'get', 'pods', '-o', 'xml'), /--output must be one of/);
  assert.match(await failure(2, 'frobnicate'), /unknown command 'frobnicate'/);
  assert.match(await failure(1, 'get', 'pods', '-l', 'a=b=c'), /Error from server/);
  assert.match(
    await failure(1, 'apply', '-f', join(folder, 'gone.yaml')),
    /the path ".*gone\.yaml" does not exist/,
  );
  const away = await runCommand(KINTSUGI, ['get', 'pods', '--data-dir', folder]);
  assert.deepEqual([away.code, away.stdout], [1, '']);
  assert.match(
    away.stderr,
    /^kintsugi: no cluster found: the path ".*kubeconfig" does not exist; start a cluster with `kintsugi up`[^\n]*\n$/,
  );
});

test('help tells every command and every option', async () => {
  const { code, stdout } = await runCommand(KINTSUGI, ['--help']);
  assert.equal(code, 0);
  for (const command of ['up', 'down', 'get', 'describe', 'apply', 'delete', 'logs', 'events', 'version']) {
    assert.match(stdout, new RegExp(`^ +${command} `, 'm'));
    const own = await runCommand(KINTSUGI, [command, '--help']);
    assert.deepEqual([own.code, own.stderr], [0, '']);
    assert.match(own.stdout, new RegExp(`^Usage: kintsugi ${command}`));
  }
});

test('a pipe that closes early ends a command quietly', async () => {
  const script = `"${KINTSUGI}" "$@" | head -c 1`;
  for (const args of [
    ['get', 'events', '-A', '-o', 'json'],
    ['events', '-A'],
  ]) {
    const all = ['-o', 'pipefail', '-c', script, 'bash', ...args, '--data-dir', cluster.dataDir];
    const { code, stdout, stderr } = await runCommand('bash', all);
    assert.deepEqual([code, stdout.length, stderr], [0, 1, '']);
  }
});
