/** The real kubectl against a cluster of `kintsugi/testing`, in virtual and in real time. */
import { equal, match, ok, rejects } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { type Cluster, startCluster } from '../../src/testing/entry.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import { newKubectl } from '../tools/run-kubectl.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

const MANIFESTS = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web }] }
`;
const PROGRAMS = {
  web: {
    preloaded: true,
    runs: [{ log: [{ afterMs: 0, line: 'hello' }], commands: [{ command: 'date', stdout: 'a fine day\n' }] }],
  },
};

async function useIt(cluster: Cluster): Promise<void> {
  const kubectl = newKubectl(cluster.https.kubeconfig);
  const run = (...args: string[]) => cluster.during(kubectl(...args));
  match(await run('get', 'nodes'), /^node-1 +Ready +<none> +\d+s +v1\.36/m);
  match(await run('rollout', 'status', 'deployment/web'), /successfully rolled out/);
  const [pod] = await cluster.client.list('pods');
  equal(await run('logs', pod!.metadata.name), 'hello\n');
  equal(await run('exec', pod!.metadata.name, '--', 'date'), 'a fine day\n');
  await run('scale', 'deployment/web', '--replicas=5');
  await run('wait', '--for=jsonpath={.status.readyReplicas}=5', 'deployment/web', '--timeout=1h');
  match(await run('delete', 'deployment/web', '--cascade=foreground', '--wait'), /deleted/);
  await cluster.until(async () => (await cluster.client.list('pods')).length === 0);
}

test('https: kubectl works on a cluster in virtual time', { skip }, async () => {
  await using cluster = await startCluster({
    nodes: 2,
    https: true,
    manifests: MANIFESTS,
    programs: PROGRAMS,
  });
  await useIt(cluster);
});

test('https: kubectl works on a cluster in real time', { skip }, async () => {
  await using cluster = await startCluster({
    nodes: 2,
    https: true,
    time: 'real',
    speed: 20,
    manifests: MANIFESTS,
    programs: PROGRAMS,
  });
  await useIt(cluster);
});

test('https: a kubectl that waits while time stands still is named in a warning', { skip }, async () => {
  await using cluster = await startCluster({ https: true, images: 'listed', manifests: MANIFESTS });
  const kubectl = newKubectl(cluster.https.kubeconfig);
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const waiting = kubectl('wait', '--for=condition=Available', 'deployment/web', '--timeout=1h');
  match(
    (await warned).message,
    /time stands still while the test waits for a watch of \/apis\/apps\/v1\/.*deployments by kubectl\//,
  );
  cluster.setProgram('web', {});
  match(await cluster.during(waiting, { speed: 1000 }), /condition met/);
});

test('https: nothing of it is left after stop, and nobody without a certificate is let in', async () => {
  const cluster = await startCluster({ nodes: 0, https: true });
  const { url, kubeconfig, kubeconfigText, ca } = cluster.https;
  ok(existsSync(kubeconfig));
  match(kubeconfigText, /client-certificate-data: /);
  match(ca, /BEGIN CERTIFICATE/);
  const { Agent, get } = await import('node:https');
  const agent = new Agent({ ca, keepAlive: false });
  const status = await new Promise((resolve, reject) => {
    get(`${url}/api/v1/secrets`, { agent }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
  equal(status, 403);
  await cluster.stop();
  equal(existsSync(kubeconfig), false);
  await rejects(
    new Promise((resolve, reject) => {
      connect(Number(new URL(url).port), '127.0.0.1')
        .on('connect', resolve)
        .on('error', reject);
    }),
    /ECONNREFUSED/,
  );
});

test('https: a cluster without it says how to have it', async () => {
  await using cluster = await startCluster({ nodes: 0 });
  let message = '';
  try {
    equal(cluster.https, undefined);
  } catch (error) {
    message = (error as Error).message;
  }
  equal(message, 'this cluster listens nowhere; start it with { https: true }');
});
