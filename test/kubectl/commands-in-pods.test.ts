/**
 * The real kubectl and a Pod's inside: exec, attach, cp, port-forward, run -it and ephemeral containers, against a cluster
 * that `kintsugi up` started. Terminals are those of `script`.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hasKubectl, kubectlPath } from '../tools/kubectl.ts';
import { type RunningCommand, startCommand } from '../tools/running-command.ts';
import { eventually, startUpCluster, TOOLBOX, type UpCluster, WEB_APP } from '../tools/up-cluster.ts';

const noKubectl = (await hasKubectl()) ? false : 'kubectl is not installed';
const noTerminal = noKubectl || (existsSync('/usr/bin/script') ? false : '`script` is not installed');

let cluster: UpCluster;
let folder: string;
before(async () => {
  if (noKubectl) return;
  folder = await mkdtemp(join(tmpdir(), 'kintsugi-kubectl-'));
  cluster = await startUpCluster();
  await cluster.kubectl.withInput(MANIFEST, 'apply', '-f', '-');
  await cluster.kubectl('wait', '--for=condition=Ready', 'pod/box', 'pod/web', 'pod/echo', '--timeout=25s');
});
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const MANIFEST = `
apiVersion: v1
kind: Pod
metadata: { name: box }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - { name: first, image: "${TOOLBOX}", env: [{ name: WHO, value: first }] }
    - { name: second, image: "${TOOLBOX}", env: [{ name: WHO, value: second }] }
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: web
      image: "${WEB_APP}"
      ports: [{ containerPort: 8080, name: http }]
      readinessProbe: { httpGet: { path: /health, port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
---
apiVersion: v1
kind: Pod
metadata: { name: echo }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: echo
      image: "${TOOLBOX}"
      stdin: true
      command: [sh, -c, 'while read -r line; do echo "heard $line"; done; echo end of input']
`;

async function start(...args: string[]): Promise<RunningCommand> {
  return startCommand(await kubectlPath(), args, { env: kubectlEnvironment() });
}

/** kubectl on a terminal of its own: what is written is typed, standard output is the screen. */
async function startOnTerminal(prepare: string, ...args: string[]): Promise<RunningCommand> {
  const command = [await kubectlPath(), ...args].map((word) => `'${word}'`).join(' ');
  return startCommand('script', ['-qefc', `${prepare} ${command}`, '/dev/null'], {
    env: kubectlEnvironment(),
  });
}

function kubectlEnvironment(): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { PATH, HOME: `${cluster.kubeconfig}.home`, KUBECONFIG: cluster.kubeconfig, SHELL: '/bin/sh' };
}

test('kubectl exec gives the output, the exit code and both streams of a command', {
  skip: noKubectl,
}, async () => {
  const plain = await cluster.kubectl.attempt([
    'exec',
    'box',
    '--',
    'sh',
    '-c',
    'echo out; echo err >&2; exit 7',
  ]);
  assert.equal(plain.code, 7);
  assert.match(plain.stdout, /^out\n$/m);
  assert.match(plain.stderr, /^err$/m);
  assert.match(plain.stderr, /command terminated with exit code 7/);
  assert.match(plain.stderr, /Defaulted container "first" out of: first, second/);
  assert.equal(await cluster.kubectl('exec', 'box', '-c', 'second', '--', 'printenv', 'WHO'), 'second\n');
});

test('kubectl exec -i carries a megabyte in and back', { skip: noKubectl }, async () => {
  const input = randomBytes(700_000).toString('base64');
  const output = await cluster.kubectl.withInput(input, 'exec', '-i', 'box', '-c', 'first', '--', 'cat');
  assert.equal(output.length, input.length);
  assert.ok(output === input);
});

test('kubectl exec says what is wrong in upstream words', { skip: noKubectl }, async () => {
  const attempt = async (...args: string[]) => {
    const { code, stderr } = await cluster.kubectl.attempt(['exec', ...args]);
    assert.notEqual(code, 0);
    return stderr;
  };
  assert.match(
    await attempt('box', '-c', 'first', '--', 'no-such-command'),
    /executable file not found in \$PATH/,
  );
  assert.match(
    await attempt('box', '-c', 'third', '--', 'true'),
    /container third is not valid for pod box|container not found/,
  );
  assert.match(await attempt('nobody', '--', 'true'), /pods "nobody" not found/);
});

test('kubectl exec -it gives a terminal of the right size, which follows the window', {
  skip: noTerminal,
}, async () => {
  const grow = join(folder, 'grow');
  const resize = `(while [ ! -e ${grow} ]; do sleep 0.05; done; stty rows 50 cols 120 </dev/tty) &`;
  const shell = await startOnTerminal(
    `stty rows 33 cols 111; ${resize}`,
    'exec',
    '-it',
    'box',
    '-c',
    'first',
    '--',
    'sh',
  );
  shell.write('tty; stty size\n');
  await shell.untilOutput(/\/dev\/pts\/\d+\r\n33 111\r\n/);
  await writeFile(grow, '');
  shell.write('while [ "$(stty size)" != "50 120" ]; do sleep 0.1; done; echo "now $(stty size)"\n');
  await shell.untilOutput(/now 50 120\r\n/);
  shell.write('echo rea""dy; sleep 1000\n');
  await shell.untilOutput(/ready\r\n/);
  shell.write('\x03'); // the key Control-C ends the command, not the shell
  await shell.untilOutput(/\^C\r\n[#$] $/);
  shell.write('echo still "$WHO"; exit 5\n');
  await shell.untilOutput(/still first\r\n/);
  assert.equal((await shell.exited).code, 5);
});

test('kubectl attach -i types into the container and shows what it writes', { skip: noKubectl }, async () => {
  const attached = await start('attach', '-i', 'echo');
  attached.write('hello\n');
  await attached.untilOutput(/heard hello\n/);
  attached.signal('SIGTERM');
  await attached.exited;
  assert.match(await cluster.kubectl('logs', 'echo'), /heard hello/);
  assert.match(await cluster.kubectl('get', 'pod', 'echo', '--no-headers'), /1\/1 +Running +0/);
});

test('kubectl cp copies files and directories both ways', { skip: noKubectl }, async () => {
  const content = randomBytes(300_000);
  const local = join(folder, 'out.bin');
  await writeFile(local, content);
  const remote = join(folder, 'in-pod');
  await cluster.kubectl('exec', 'box', '-c', 'first', '--', 'mkdir', '-p', remote);
  await cluster.kubectl('cp', local, `box:${remote}/copied.bin`, '-c', 'first');
  const sum = await cluster.kubectl('exec', 'box', '-c', 'first', '--', 'sha256sum', `${remote}/copied.bin`);
  assert.equal(sum.split(' ')[0], createHash('sha256').update(content).digest('hex'));
  const back = join(folder, 'back');
  await cluster.kubectl('cp', `box:${remote}`, back, '-c', 'first');
  assert.ok((await readFile(join(back, 'copied.bin'))).equals(content));
});

test('kubectl port-forward reaches a Pod and a Service, request after request', {
  skip: noKubectl,
}, async () => {
  for (const target of [
    ['pod/web', ':8080'],
    ['service/web', ':80'],
  ]) {
    const forward = await start('port-forward', ...target);
    const [, port] = await forward.untilOutput(/127\.0\.0\.1:(\d+)/);
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } });
      assert.equal(answer.status, 200);
    }
    forward.signal('SIGTERM');
    await forward.exited;
  }
});

test('kubectl port-forward to a port where nothing listens fails that connection only', {
  skip: noKubectl,
}, async () => {
  const forward = await start('port-forward', 'pod/web', ':9');
  const [, port] = await forward.untilOutput(/127\.0\.0\.1:(\d+)/);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'close');
  await forward.untilError(/error/i);
  forward.signal('SIGTERM');
  await forward.exited;
});

test('kubectl run --rm -i gives the output of a command and leaves nothing', {
  skip: noKubectl,
}, async () => {
  const args = ['run', 'once', '--rm', '-i', `--image=${TOOLBOX}`, '--restart=Never', '--command', '--'];
  const output = await cluster.kubectl.withInput(
    'typed\n',
    ...args,
    'sh',
    '-c',
    'read -r line; echo "got $line"',
  );
  assert.match(output, /got typed/);
  assert.match(output, /pod "once" deleted/);
  assert.equal((await cluster.kubectl.attempt(['get', 'pod', 'once'])).code, 1);
});

test('kubectl run --rm -it gives a shell on a terminal', { skip: noTerminal }, async () => {
  const args = [
    'run',
    'shell',
    '--rm',
    '-it',
    `--image=${TOOLBOX}`,
    '--restart=Never',
    '--command',
    '--',
    'sh',
  ];
  const shell = await startOnTerminal('stty rows 21 cols 91;', ...args);
  await shell.untilOutput(/try pressing enter|[#$] $/);
  shell.write(
    'while [ "$(stty size)" != "21 91" ]; do sleep 0.1; done; tty; stty size; echo "I am $HOSTNAME"\n',
  );
  await shell.untilOutput(/\/dev\/pts\/\d+\r\n21 91\r\nI am shell\r\n/);
  shell.write('exit\n');
  await shell.untilOutput(/pod "shell" deleted/);
  assert.equal((await shell.exited).code, 0);
});

test('kubectl debug adds an ephemeral container that shares the Pod’s network', {
  skip: noKubectl,
}, async () => {
  const probe = `echo hello from "$POD_IP"; sleep 300`;
  await cluster.kubectl('debug', 'box', '-c', 'look', `--image=${TOOLBOX}`, '--', 'sh', '-c', probe);
  const ip = await cluster.kubectl('get', 'pod', 'box', '-o', 'jsonpath={.status.podIP}');
  await eventually('the ephemeral container speaks', async () => {
    assert.equal(await cluster.kubectl('logs', 'box', '-c', 'look'), `hello from ${ip}\n`);
  });
  const state = await cluster.kubectl(
    'get',
    'pod',
    'box',
    '-o',
    'jsonpath={.status.ephemeralContainerStatuses[0].state}',
  );
  assert.match(state, /"running"/);
  assert.match(await cluster.kubectl('describe', 'pod', 'box'), /Ephemeral Containers:\n +look:/);
  const again = await cluster.kubectl.attempt([
    'patch',
    'pod',
    'box',
    '--subresource=ephemeralcontainers',
    '-p',
    REMOVAL,
    '--type=merge',
  ]);
  assert.match(again.stderr, /existing ephemeral containers .* may not be removed/);
});

const REMOVAL = JSON.stringify({ spec: { ephemeralContainers: [] } });
