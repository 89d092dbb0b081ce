/** Admission webhooks by the real kubectl: a listener on loopback refuses, mutates and warns, and what a user reads then. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startWebhookListener, type WebhookListener } from '../../src/platform/webhook-listener.fixture.ts';
import { hasKubectl } from '../tools/kubectl.ts';
import { startUpCluster, type UpCluster } from '../tools/up-cluster.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';

interface Question {
  uid: string;
  operation: string;
  object: { metadata: { name: string }; data?: Record<string, string> };
}

function configuration(kind: string, name: string, url: string, caBundle: string): string {
  return `
apiVersion: admissionregistration.k8s.io/v1
kind: ${kind}
metadata: { name: ${name} }
webhooks:
  - name: ${name}.example.com
    clientConfig: { url: "${url}", caBundle: ${caBundle} }
    admissionReviewVersions: [v1]
    sideEffects: None
    timeoutSeconds: 5
    rules:
      - { apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps], scope: Namespaced }
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: default } }
`;
}

const SETTINGS = (url: string, caBundle: string) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: settings.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: settings, kind: Setting }
  conversion:
    strategy: Webhook
    webhook: { conversionReviewVersions: [v1], clientConfig: { url: "${url}", caBundle: ${caBundle} } }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { host: { type: string }, port: { type: string } } } }
    - name: v2
      served: true
      storage: false
      schema: { openAPIV3Schema: { type: object, properties: { address: { type: string } } } }
`;

type Converted = { host?: string; port?: string; address?: string } & Record<string, unknown>;

/** v1 has `host` and `port`, v2 `address`. */
function convert({ host, port, address = '', ...rest }: Converted, apiVersion: string): Converted {
  if (apiVersion.endsWith('v2')) return { ...rest, apiVersion, address: `${host}:${port}` };
  const [first, second] = address.split(':');
  return { ...rest, apiVersion, host: first!, port: second! };
}

function answerConversion({ uid, desiredAPIVersion, objects }: ConversionQuestion): Record<string, unknown> {
  const convertedObjects = objects.map((object) => convert(object, desiredAPIVersion));
  return { uid, result: { status: 'Success' }, convertedObjects };
}

interface ConversionQuestion {
  uid: string;
  desiredAPIVersion: string;
  objects: Converted[];
}

/** `/mutate` adds a key, `/validate` refuses what says so and warns of what is small. */
function answer(pathname: string | undefined, { object }: Question): Record<string, unknown> {
  if (pathname?.startsWith('/mutate')) {
    const operations = [{ op: 'add', path: '/data/added', value: 'by-webhook' }];
    const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
    return { allowed: true, patchType: 'JSONPatch', patch };
  }
  const isForbidden = object.data?.['secret'] !== undefined;
  if (isForbidden) return { allowed: false, status: { code: 403, message: 'no secrets in ConfigMaps' } };
  return { allowed: true, warnings: [`${object.metadata.name} was looked at`] };
}

let cluster: UpCluster;
let listener: WebhookListener;
before(
  async () => {
    if (skip !== false) return;
    listener = await startWebhookListener((body, response, request) => {
      const {
        apiVersion,
        kind,
        request: question,
      } = JSON.parse(body) as {
        apiVersion: string;
        kind: string;
        request: Question & ConversionQuestion;
      };
      const made =
        kind === 'ConversionReview'
          ? answerConversion(question)
          : { uid: question.uid, ...answer(request.url, question) };
      response.end(JSON.stringify({ apiVersion, kind, response: made }));
    });
    cluster = await startUpCluster();
    const { url, caBundle } = listener;
    await apply(configuration('MutatingWebhookConfiguration', 'mutate', `${url}/mutate`, caBundle));
    await apply(configuration('ValidatingWebhookConfiguration', 'validate', `${url}/validate`, caBundle));
  },
  { timeout: 120_000 },
);
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await listener?.close();
});

const attempt = (...args: string[]) => cluster.kubectl.attempt(args);

async function apply(manifest: string): Promise<void> {
  const file = path.join(cluster.dataDir, 'webhooks.yaml');
  writeFileSync(file, manifest);
  await cluster.kubectl('apply', '-f', file);
}

test('a webhook that is reached by URL changes what is created, and warns', { skip }, async () => {
  const { stdout, stderr } = await attempt('create', 'configmap', 'free', '--from-literal=k=v');
  assert.match(stdout, /configmap\/free created/);
  assert.equal(stderr.trim(), 'Warning: free was looked at');
  const data = await cluster.kubectl('get', 'configmap', 'free', '-o', 'jsonpath={.data}');
  assert.deepEqual(JSON.parse(data), { k: 'v', added: 'by-webhook' });
});

test('a webhook’s refusal is what the user reads', { skip }, async () => {
  const refused = await attempt('create', 'configmap', 'refused', '--from-literal=secret=v');
  assert.equal(refused.code, 1);
  assert.equal(
    refused.stderr.trim(),
    'error: failed to create configmap: admission webhook "validate.example.com" denied the request: no secrets in ConfigMaps',
  );
  const patch = await attempt('patch', 'configmap', 'free', '-p', '{"data":{"secret":"v"}}');
  assert.match(
    patch.stderr,
    /admission webhook "validate\.example\.com" denied the request: no secrets in ConfigMaps/,
  );
  const { stderr } = await attempt('get', 'configmap', 'refused');
  assert.match(stderr, /NotFound/);
});

test('a kind of two versions is converted by a webhook', { skip }, async () => {
  await apply(SETTINGS(`${listener.url}/convert`, listener.caBundle));
  await cluster.kubectl('wait', '--for=condition=Established', 'crd/settings.example.com', '--timeout=10s');
  const manifest = (name: string, rest: string) =>
    `apiVersion: example.com/${rest}\nkind: Setting\nmetadata: { name: ${name} }\n`;
  await apply(`${manifest('a', 'v2')}address: db:5432\n---\n${manifest('b', 'v1')}host: web\nport: "80"\n`);
  const column = (version: string, fields: string) =>
    cluster.kubectl('get', `settings.${version}.example.com`, '-o', `jsonpath={.items[*]['${fields}']}`);
  assert.equal(await column('v1', "host','port"), 'db web 5432 80');
  assert.equal(await column('v2', 'address'), 'db:5432 web:80');
});

test('a webhook that is gone fails what it is about, in upstream words, and nothing else', {
  skip,
}, async () => {
  await listener.close();
  const failed = await attempt('create', 'configmap', 'late', '--from-literal=k=v');
  const expected = `failed calling webhook "mutate.example.com": failed to call webhook: Post "${listener.url}/mutate?timeout=5s": dial tcp 127.0.0.1:${listener.port}: connect: connection refused`;
  assert.ok(failed.stderr.includes(`Internal error occurred: ${expected}`), failed.stderr);
  await cluster.kubectl('create', 'configmap', 'elsewhere', '--namespace=kube-public', '--from-literal=k=v');
  await cluster.kubectl(
    'delete',
    'mutatingwebhookconfiguration/mutate',
    'validatingwebhookconfiguration/validate',
  );
  await cluster.kubectl('create', 'configmap', 'late', '--from-literal=k=v');
});
