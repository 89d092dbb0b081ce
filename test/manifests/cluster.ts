/** A cluster as a user starts it, `kintsugi up` in the foreground, with stand-ins for the images of manifests. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Kubectl, newKubectl } from '../tools/run-kubectl.ts';
import { type Network, writeStandIns } from './stand-ins.ts';

const PROGRAM = fileURLToPath(new URL('../../src/main/kintsugi.ts', import.meta.url));
/** `nobody` on every Linux. */
const NOBODY = 65534;

export interface Cluster {
  kubectl: Kubectl;
  dataDir: string;
  /** As Ctrl-C does; then everything on disk is removed. */
  stop(): Promise<void>;
}

/** Resolves when the API is ready. Without root `loopback` is all there is; with it, `loopback` runs as another user. */
export async function startCluster(network: Network): Promise<Cluster> {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-manifests-'));
  await chmod(directory, 0o777);
  const images = await writeStandIns(join(directory, 'images'));
  const dataDir = join(directory, 'data');
  const up = startUp(dataDir, images, network);
  try {
    await readyLine(up);
  } catch (error) {
    up.kill('SIGKILL');
    throw error;
  }
  return {
    kubectl: newKubectl(join(dataDir, 'kubeconfig')),
    dataDir,
    async stop() {
      const ended = once(up, 'exit');
      up.kill('SIGTERM');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function startUp(dataDir: string, images: Map<string, string>, network: Network): ChildProcess {
  const registrations = [...images].flatMap(([reference, image]) => ['--image', `${reference}=${image}`]);
  const isOtherUser = network === 'loopback' && process.getuid?.() === 0;
  return spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      PROGRAM,
      'up',
      `--data-dir=${dataDir}`,
      '--api-port=0',
      '--output=json',
      ...registrations,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: '/' },
      ...(isOtherUser ? { uid: NOBODY, gid: NOBODY } : {}),
    },
  );
}

async function readyLine(up: ChildProcess): Promise<void> {
  let said = '';
  up.stderr!.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ready = once(up.stdout!, 'data');
  const ended = once(up, 'exit').then(() => assert.fail(`kintsugi up ended before it was ready:\n${said}`));
  await Promise.race([ready, ended]);
  ended.catch(() => {});
}

/** What the agent of the only node logged, for a failure's message. */
export function agentLog(cluster: Cluster): Promise<string> {
  return readFile(join(cluster.dataDir, 'logs/agent-node-1.log'), 'utf8');
}
