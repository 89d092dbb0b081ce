/** A controller written with the official client library, over HTTPS, against a cluster in virtual time. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type * as k8s from '@kubernetes/client-node';
import { startCluster } from '../../src/testing/entry.ts';

const skip = isInstalled() ? false : '@kubernetes/client-node is not installed';
const library = skip === false ? await import('@kubernetes/client-node') : undefined;

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('@kubernetes/client-node');
    return true;
  } catch {
    return false; // a development dependency
  }
}

interface Running {
  stop(): Promise<void>;
}

/** Scales every Deployment that is labelled `sleepy` to nothing. */
async function startSleeper(config: k8s.KubeConfig): Promise<Running> {
  const { AppsV1Api, makeInformer } = library!;
  const apps = config.makeApiClient(AppsV1Api);
  const list = () => apps.listDeploymentForAllNamespaces({ labelSelector: 'sleepy=yes' });
  const informer = makeInformer(config, '/apis/apps/v1/deployments', list, 'sleepy=yes');
  const sleep = async (deployment: k8s.V1Deployment) => {
    if (deployment.spec?.replicas === 0) return;
    const { name = '', namespace = '' } = deployment.metadata ?? {};
    const body = { spec: { replicas: 0 } };
    await apps.patchNamespacedDeploymentScale(
      { name, namespace, body },
      library!.setHeaderOptions('Content-Type', library!.PatchStrategy.MergePatch),
    );
  };
  informer.on('add', (deployment) => void sleep(deployment));
  informer.on('update', (deployment) => void sleep(deployment));
  await informer.start();
  return { stop: () => informer.stop() };
}

const manifest = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { sleepy: 'yes' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'app' }] } },
  },
});

test('https: virtual time waits for a client outside that has something to answer', { skip }, async () => {
  await using cluster = await startCluster({ nodes: 2, https: true });
  const config = new library!.KubeConfig();
  config.loadFromString(cluster.https.kubeconfigText);
  const sleeper = await startSleeper(config);
  const answeredMs: number[] = [];
  for (const name of ['one', 'two', 'three', 'four', 'five']) {
    const startMs = cluster.now();
    await cluster.apply(manifest(name));
    await cluster.until(async () => (await cluster.get(`deployment/${name}`)).spec.replicas === 0);
    answeredMs.push(cluster.now() - startMs);
    await cluster.advance('10m');
  }
  // A client that is slow for once (its first connection, a busy machine) may miss a moment, and not most of them.
  ok(answeredMs.filter((ms) => ms < 1000).length >= 3, answeredMs.join(' '));
  await cluster.until(async () => (await cluster.client.list('pods')).length === 0);
  await sleeper.stop();
});

test('https: typed calls, objects in both directions, and a token of a service account', {
  skip,
}, async () => {
  await using cluster = await startCluster({ nodes: 0, https: true });
  const config = new library!.KubeConfig();
  config.loadFromFile(cluster.https.kubeconfig);
  const core = config.makeApiClient(library!.CoreV1Api);
  await core.createNamespacedConfigMap({
    namespace: 'default',
    body: { metadata: { name: 'a' }, data: { x: '1' } },
  });
  deepEqual((await cluster.get('configmap/a')).data, { x: '1' });
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace: 'default',
    name: 'default',
    body: { spec: { audiences: [], expirationSeconds: 600 } },
  });
  const asAccount = new library!.KubeConfig();
  asAccount.loadFromClusterAndUser(config.getCurrentCluster()!, {
    name: 'account',
    token: status?.token ?? '',
  });
  const auth = asAccount.makeApiClient(library!.AuthenticationV1Api);
  const review = await auth.createSelfSubjectReview({ body: {} });
  equal(review.status?.userInfo?.username, 'system:serviceaccount:default:default');
});
