/** Webhooks whose backend is a function of the test, in the cluster's time. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../api/generated/core-v1.ts';
import type { NewObject } from '../api/meta.ts';
import { newCluster, untilReady, WEB } from './testing.fixture.ts';

const URL = 'https://team.example.com/pods';

const CONFIGURATION = (timeoutSeconds: number) => `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: { name: team }
webhooks:
  - name: team.example.com
    clientConfig: { url: "${URL}" }
    admissionReviewVersions: [v1]
    sideEffects: None
    timeoutSeconds: ${timeoutSeconds}
    rules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods] }]
`;

interface Review {
  apiVersion: string;
  kind: string;
  request: { uid: string };
}

const POD: NewObject<Pod> = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'm', image: 'web' }] },
};

const labelled = (review: unknown) => {
  const { apiVersion, kind, request } = review as Review;
  const patch = btoa('[{"op":"add","path":"/metadata/labels/team","value":"blue"}]');
  const response = { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch };
  return { json: { apiVersion, kind, response } };
};

test('webhook answers for a URL: what controllers create is changed by it', async (t) => {
  const cluster = await newCluster(t);
  cluster.webhook(URL, labelled);
  await cluster.apply(CONFIGURATION(10));
  await cluster.apply(WEB);
  await untilReady(cluster);
  const pods = await cluster.client.list('pods', { labelSelector: 'team=blue' });
  equal(pods.length, 3);
});

test('webhook that hangs costs its timeout in virtual time, and Pods come once it answers again', async (t) => {
  const cluster = await newCluster(t);
  cluster.webhook(URL, () => 'never');
  await cluster.apply(CONFIGURATION(7));
  const before = cluster.now();
  await rejects(cluster.client.create(POD), (error: Error) => {
    match(
      error.message,
      /^Internal error occurred: failed calling webhook "team\.example\.com": .*deadline exceeded$/,
    );
    return true;
  });
  equal(cluster.now() - before >= 7000, true);
  await cluster.apply(WEB);
  await cluster.advance('1m');
  deepEqual(await cluster.client.list('pods'), []);
  cluster.webhook(URL, labelled);
  await untilReady(cluster);
});

test('a URL that no webhook answers for never leaves the process', async (t) => {
  const cluster = await newCluster(t);
  await cluster.apply(CONFIGURATION(1));
  await rejects(cluster.client.create(POD), /dial tcp team\.example\.com: connect: connection refused$/);
});

test('webhook that is asked when the server dies is forgotten with it', async (t) => {
  const cluster = await newCluster(t);
  let asked = 0;
  cluster.webhook(URL, () => {
    asked++;
    return 'never';
  });
  await cluster.apply(CONFIGURATION(30));
  const refused = rejects(cluster.client.create(POD));
  await cluster.advance('2s');
  equal(asked, 1);
  await cluster.crash('server');
  await refused;
  await cluster.advance('10s');
  cluster.webhook(URL, labelled);
  await cluster.apply(WEB);
  await untilReady(cluster);
  equal(asked, 1);
});
