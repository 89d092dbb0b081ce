/** An extension API server behind a Service, used through the real kubectl: as anything else in the API, until it breaks. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, test } from 'node:test';
import { ExtensionServer, GROUP_PATH, type Misbehaviour } from '../tools/extension-server.ts';
import { kubectlPath } from '../tools/kubectl.ts';
import { kubectlEnvironment } from '../tools/run-kubectl.ts';
import { eventually } from '../tools/up-cluster.ts';
import { kubectlOnServer } from './server-only.ts';

const { skip, k, kIn, refused, kubeconfig } = await kubectlOnServer();
const extension = await startExtension();
after(() => extension.close());

const API_SERVICE = 'v1alpha1.wardle.example.com';
const FLUNDER = (name: string) => `
apiVersion: wardle.example.com/v1alpha1
kind: Flunder
metadata: { name: ${name} }
spec: { reference: a }
`;

async function startExtension(): Promise<ExtensionServer> {
  if (skip !== false) return new ExtensionServer({ clientCa: '', allowedNames: [] });
  const read = async (key: string) => {
    const path = `jsonpath={.data.${key}}`;
    return k('-n', 'kube-system', 'get', 'configmap', 'extension-apiserver-authentication', '-o', path);
  };
  const clientCa = await read('requestheader-client-ca-file');
  const allowedNames = JSON.parse(await read('requestheader-allowed-names')) as string[];
  const server = new ExtensionServer({ clientCa, allowedNames });
  await server.listen('api.wardle.svc');
  return server;
}

/** A Service whose endpoints somebody wrote by hand, and the APIService that leads to it. */
function manifests(port: number): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: api, namespace: wardle }
spec: { ports: [{ name: https, port: 443 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: api-1, namespace: wardle, labels: { kubernetes.io/service-name: api } }
addressType: IPv4
endpoints: [{ addresses: [127.0.0.1], conditions: { ready: true } }]
ports: [{ name: https, port: ${port}, protocol: TCP }]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: ${API_SERVICE} }
spec:
  group: wardle.example.com
  version: v1alpha1
  groupPriorityMinimum: 2000
  versionPriority: 200
  caBundle: ${extension.caBundle}
  service: { namespace: wardle, name: api }
`;
}

function condition(): Promise<string> {
  const path = '{range .status.conditions[?(@.type=="Available")]}{.status} {.reason}: {.message}{end}';
  return k('get', 'apiservice', API_SERVICE, '-o', `jsonpath=${path}`);
}

async function waitForCondition(pattern: RegExp): Promise<void> {
  await eventually(`the condition ${pattern}`, async () => assert.match(await condition(), pattern));
}

async function misbehaving(how: Misbehaviour, spared: string, work: () => Promise<void>): Promise<void> {
  Object.assign(extension, { misbehaviour: how, spared });
  try {
    await work();
  } finally {
    extension.misbehaviour = 'none';
  }
}

test('kubectl finds the APIServices of what the server serves itself, which come back', {
  skip,
}, async () => {
  const lines = (await k('get', 'apiservices')).split('\n');
  assert.match(lines[0]!, /^NAME +SERVICE +AVAILABLE +AGE$/);
  assert.match(lines.find((line) => line.startsWith('v1.apps '))!, /^v1\.apps +Local +True +/);
  const uid = () => k('get', 'apiservice', 'v1.apps', '-o', 'jsonpath={.metadata.uid}');
  const before = await uid();
  await k('delete', 'apiservice', 'v1.apps');
  await eventually('it is back', async () => assert.notEqual(await uid(), before));
  const authentication = ['-n', 'kube-system', 'get', 'configmap', 'extension-apiserver-authentication'];
  await k('-n', 'kube-system', 'delete', 'configmap', 'extension-apiserver-authentication');
  await eventually('the ConfigMap is back', () => k(...authentication));
});

test('kubectl sees the APIServices of custom resources come and go', { skip }, async () => {
  const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: wheels.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: wheels, kind: Wheel }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`;
  await kIn(definition, 'apply', '-f', '-');
  const read = () =>
    k('get', 'apiservice', 'v1.example.com', '-o', 'jsonpath={.metadata.labels}{.spec.groupPriorityMinimum}');
  await eventually('it is there', async () =>
    assert.equal(await read(), '{"kube-aggregator.kubernetes.io/automanaged":"true"}1000'),
  );
  await k('delete', 'crd', 'wheels.example.com');
  await eventually('it is gone', async () =>
    assert.match(await refused('get', 'apiservice', 'v1.example.com'), /NotFound/),
  );
});

test('kubectl reads why an extension is not available, until it is', { skip }, async () => {
  const [service, slice, apiService] = manifests(extension.port).split('---') as [string, string, string];
  await kIn(apiService, 'apply', '-f', '-');
  await waitForCondition(/^False ServiceNotFound: service\/api in "wardle" is not present$/);
  const unavailable =
    'Error from server (ServiceUnavailable): the server is currently unable to handle the request';
  assert.equal(await refused('get', '--raw', GROUP_PATH), unavailable);
  await k('create', 'namespace', 'wardle');
  await kIn(service, 'apply', '-f', '-');
  await waitForCondition(
    /^False EndpointsNotFound: cannot find endpointslices for service\/api in "wardle"$/,
  );
  await kIn(slice, 'apply', '-f', '-');
  await waitForCondition(/^True Passed: all checks passed$/);
  assert.match(await k('get', 'apiservice', API_SERVICE), /wardle\/api +True/);
});

test('kubectl uses what an extension serves as anything else', { skip }, async () => {
  assert.match(
    await k('api-resources', '--api-group', 'wardle.example.com'),
    /flunders +fl +wardle.example.com\/v1alpha1 +true +Flunder/,
  );
  await kIn(FLUNDER('one'), '-n', 'wardle', 'create', '-f', '-');
  assert.match(await k('-n', 'wardle', 'get', 'fl', '-o', 'name'), /flunder.wardle.example.com\/one/);
  assert.match(await k('get', 'flunders', '-A', '-o', 'name'), /flunder.wardle.example.com\/one/);
  assert.match(await k('explain', 'flunder.spec'), /What is wanted of it/);
  assert.match(await k('explain', 'flunder.spec', '--output=plaintext-openapiv2'), /What is wanted of it/);
  assert.match(
    await refused('-n', 'wardle', 'get', 'flunder', 'two'),
    /\(NotFound\).*flunders "two" not found/,
  );
  await k('-n', 'wardle', 'delete', 'flunder', 'one', '--wait=false');
  const posted = extension.seen.find(({ method }) => method === 'POST')!;
  assert.equal(posted.user, 'kubernetes-admin');
  assert.deepEqual(posted.groups, ['system:masters', 'system:authenticated']);
  assert.equal(posted.headers['authorization'], undefined);
  assert.equal(posted.headers['host'], 'api.wardle.svc');
});

test('kubectl speaks to an extension for somebody else, whom it cannot invent', { skip }, async () => {
  extension.seen.length = 0;
  await k('create', 'clusterrole', 'flunders', '--verb=get,list', '--resource=flunders.wardle.example.com');
  await k('create', 'clusterrolebinding', 'flunders', '--clusterrole=flunders', '--user=jane');
  await k('--as=jane', '--as-group=dev', '--as-uid=7', '-n', 'wardle', 'get', 'flunders');
  const listed = extension.seen.find(({ path }) => path.includes('/namespaces/wardle/flunders'))!;
  assert.equal(listed.user, 'jane');
  assert.equal(listed.headers['x-remote-uid'], '7');
  assert.deepEqual(listed.groups, ['dev', 'system:authenticated']);
  assert.equal(listed.headers['impersonate-user'], undefined);
  const denied = await refused('--as=john', '-n', 'wardle', 'get', 'flunders');
  assert.match(
    denied,
    /Forbidden.*User "john" cannot list resource "flunders" in API group "wardle.example.com"/,
  );
});

test('kubectl watches what an extension serves, and starts over when it dies', { skip }, async () => {
  const args = ['-n', 'wardle', 'get', 'flunders', '-o', 'name', '--watch'];
  const child = spawn(await kubectlPath(), args, { env: kubectlEnvironment(kubeconfig) });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await eventually('it watches', async () => assert.equal(extension.watchers, 1));
    await kIn(FLUNDER('seen'), '-n', 'wardle', 'create', '-f', '-');
    await eventually('it is told', async () => assert.match(output, /flunder.wardle.example.com\/seen/));
    extension.killWatches();
    await ended;
    assert.equal(extension.watchers, 0);
  } finally {
    child.kill();
  }
});

test('kubectl is told what is wrong with an extension, in bounded time', { skip }, async () => {
  const list = () => refused('-n', 'wardle', 'get', 'flunders', '-o', 'name');
  await misbehaving('garbage', GROUP_PATH, async () => {
    assert.match(
      await list(),
      /ServiceUnavailable.*error trying to reach service: net\/http: HTTP\/1.x transport/,
    );
  });
  await misbehaving('dies', GROUP_PATH, async () => {
    assert.match(await list(), /ServiceUnavailable.*error trying to reach service: EOF/);
  });
  await misbehaving('redirects', GROUP_PATH, async () => {
    assert.match(await list(), /attempted to redirect this request, which is not permitted/);
  });
  await misbehaving('huge', GROUP_PATH, async () => {
    assert.match(await list(), /./);
  });
  await k('get', '--raw', '/readyz');
});

test('kubectl reads why an extension that broke is not available, and sees it recover', {
  skip,
}, async () => {
  const nudge = () => k('annotate', '--overwrite', '-n', 'wardle', 'service', 'api', `at=${Date.now()}`);
  await misbehaving('error', '/none', async () => {
    await nudge();
    const url = `https://127.0.0.1:${extension.port}${GROUP_PATH}`;
    const message = `failing or missing response from ${url}: bad status from ${url}: 500`;
    await eventually('it says so', async () =>
      assert.equal(await condition(), `False FailedDiscoveryCheck: ${message}`),
    );
    assert.match(
      await refused('-n', 'wardle', 'get', 'flunders.v1alpha1.wardle.example.com'),
      /unable to handle|doesn't have/,
    );
    const metrics = await k('get', '--raw', '/metrics');
    assert.match(metrics, /^aggregator_unavailable_apiservice\{name="v1alpha1\.wardle\.example\.com"\} 1$/m);
    assert.match(await k('get', 'apiservice', API_SERVICE), /False \(FailedDiscoveryCheck\)/);
  });
  // Nobody nudges: it is asked again by itself.
  await waitForCondition(/^True Passed/);
  await misbehaving('hangs', '/none', async () => {
    await nudge();
    await waitForCondition(/^False FailedDiscoveryCheck: .*context deadline exceeded$/);
  });
  await waitForCondition(/^True Passed/);
});

test('kubectl is not led astray by an extension that somebody else pretends to be', { skip }, async () => {
  const other = new ExtensionServer({ clientCa: '', allowedNames: [] });
  await other.listen('other.wardle.svc');
  after(() => other.close());
  const wrong = JSON.stringify({ spec: { caBundle: other.caBundle } });
  await k('patch', 'apiservice', API_SERVICE, '--type=merge', '-p', wrong);
  await waitForCondition(/^False FailedDiscoveryCheck: .*x509: certificate signed by unknown authority$/);
  await k(
    'patch',
    'apiservice',
    API_SERVICE,
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { caBundle: extension.caBundle } }),
  );
  await waitForCondition(/^True Passed/);
});

test('kubectl creates what an extension has no schemas of', { skip }, async () => {
  extension.hasSchemas = false;
  const priority = (value: number) => JSON.stringify({ spec: { versionPriority: value } });
  await k('patch', 'apiservice', API_SERVICE, '--type=merge', '-p', priority(100));
  await eventually('its schemas are forgotten', async () =>
    assert.ok(!(await k('get', '--raw', '/openapi/v3')).includes('wardle')),
  );
  await kIn(FLUNDER('bare'), '-n', 'wardle', 'create', '-f', '-');
  assert.match(await k('-n', 'wardle', 'get', 'flunder', 'bare', '-o', 'yaml'), /kind: Flunder/);
});

test('kubectl deletes a namespace with what an extension has in it, but not while that cannot be asked', {
  skip,
}, async () => {
  await k('create', 'namespace', 'used');
  await kIn(FLUNDER('inside'), '-n', 'used', 'create', '-f', '-');
  const failure = '{.status.conditions[?(@.type=="NamespaceDeletionDiscoveryFailure")].message}';
  await misbehaving('error', '/none', async () => {
    await k('delete', 'namespace', 'used', '--wait=false');
    await eventually('it says what it waits for', async () => {
      const message = await k('get', 'namespace', 'used', '-o', `jsonpath=${failure}`);
      assert.match(message, /^Discovery failed for some groups, 1 failing: .*stale GroupVersion discovery/);
    });
  });
  await eventually('it is gone', async () =>
    assert.match(await refused('get', 'namespace', 'used'), /NotFound/),
  );
  const emptied = extension.seen.findLast(({ method }) => method === 'DELETE')!;
  assert.match(emptied.path, /\/namespaces\/used\/flunders\/inside$/);
  assert.equal(emptied.user, 'system:serviceaccount:kube-system:namespace-controller');
});

const OWNED = (kind: string, apiVersion: string, owner: string) => `
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: owned, namespace: wardle, ownerReferences: [${owner}] }
`;

test('kubectl sees that owners and what they own are collected across an extension, and not while it is silent', {
  skip,
}, async () => {
  const ownerReference = async (...what: string[]) => {
    const object = JSON.parse(await k('-n', 'wardle', 'get', ...what, '-o', 'json'));
    const { apiVersion, kind, metadata } = object;
    return JSON.stringify({ apiVersion, kind, name: metadata.name, uid: metadata.uid });
  };
  await k('-n', 'wardle', 'create', 'configmap', 'owner');
  await kIn(FLUNDER('owner'), '-n', 'wardle', 'create', '-f', '-');
  await kIn(
    OWNED('Flunder', 'wardle.example.com/v1alpha1', await ownerReference('configmap', 'owner')),
    'create',
    '-f',
    '-',
  );
  await kIn(OWNED('ConfigMap', 'v1', await ownerReference('flunder', 'owner')), 'create', '-f', '-');
  await k('-n', 'wardle', 'delete', 'configmap', 'owner');
  await eventually('the extension is told to delete what was owned', async () => {
    const collected = extension.seen.findLast(({ method }) => method === 'DELETE');
    assert.match(collected?.path ?? '', /\/namespaces\/wardle\/flunders\/owned$/);
    assert.equal(collected?.user, 'system:serviceaccount:kube-system:generic-garbage-collector');
  });
  await misbehaving('error', '/none', async () => {
    await k('-n', 'wardle', 'label', 'configmap', 'owned', 'looked=at');
    await waitForCondition(/^False/);
    assert.match(await k('-n', 'wardle', 'get', 'configmap', 'owned'), /owned/);
  });
  await waitForCondition(/^True/);
  await k('-n', 'wardle', 'delete', 'flunder', 'owner');
  await eventually('what it owned is gone', async () =>
    assert.match(await refused('-n', 'wardle', 'get', 'configmap', 'owned'), /NotFound/),
  );
});

/** As in metrics-server's own components.yaml, but for its Deployment. */
const METRICS_SERVER = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: system:aggregated-metrics-reader
  labels: { k8s-app: metrics-server, rbac.authorization.k8s.io/aggregate-to-view: "true" }
rules: [{ apiGroups: [metrics.k8s.io], resources: [pods, nodes], verbs: [get, list, watch] }]
---
apiVersion: v1
kind: Service
metadata: { name: metrics-server, namespace: kube-system, labels: { k8s-app: metrics-server } }
spec:
  ports: [{ name: https, port: 443, protocol: TCP, targetPort: https }]
  selector: { k8s-app: metrics-server }
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1beta1.metrics.k8s.io, labels: { k8s-app: metrics-server } }
spec:
  group: metrics.k8s.io
  groupPriorityMinimum: 100
  insecureSkipTLSVerify: true
  service: { name: metrics-server, namespace: kube-system }
  version: v1beta1
  versionPriority: 100
`;

test('kubectl installs metrics-server over what is built in, and finds that again without it', {
  skip,
}, async () => {
  const ours = () => k('get', '--raw', '/apis/metrics.k8s.io/v1beta1/nodes');
  assert.match(await ours(), /"kind":"NodeMetricsList"/);
  await kIn(METRICS_SERVER, 'apply', '-f', '-');
  await eventually('its APIService is looked at', async () => {
    const line = await k('get', 'apiservice', 'v1beta1.metrics.k8s.io', '--no-headers');
    assert.match(line, /kube-system\/metrics-server +False \((?:EndpointsNotFound|MissingEndpoints)\)/);
  });
  assert.match(
    await refused('top', 'node'),
    /the server is currently unable to handle the request|not available/,
  );
  assert.match(await refused('get', '--raw', '/apis/metrics.k8s.io/v1beta1/nodes'), /ServiceUnavailable/);
  await kIn(METRICS_SERVER, 'delete', '-f', '-');
  await eventually('ours is back', async () => assert.match(await ours(), /"kind":"NodeMetricsList"/));
});

test('kubectl finds nothing of an extension whose APIService is gone', { skip }, async () => {
  await k('delete', 'apiservice', API_SERVICE);
  await eventually('it is gone', async () => {
    const groups = await k('get', '--raw', '/apis');
    assert.ok(!groups.includes('wardle.example.com'));
  });
  assert.match(await refused('get', '--raw', GROUP_PATH), /NotFound/);
});
