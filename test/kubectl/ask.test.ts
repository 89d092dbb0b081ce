/** Commands of kubectl that ask: get in every output, api-resources, api-versions, explain, auth, events, cluster-info, kustomize. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { kubectlOnServer } from './server-only.ts';

const { skip, k, kIn, refused, write } = await kubectlOnServer();

before(async () => {
  if (skip !== false) return;
  for (const name of ['a', 'b', 'c']) {
    await k('create', 'configmap', name, `--from-literal=name=${name}`);
    await k('label', 'configmap', name, `tier=${name === 'c' ? 'back' : 'front'}`);
  }
  await k('run', 'pod', '--image=busybox', '--labels=app=pod');
});

test('kubectl get: every output', { skip }, async () => {
  const front = ['get', 'configmaps', '-l', 'tier=front'];
  assert.match(await k(...front), /^NAME +DATA +AGE\na +1 +\S+\nb +1 +\S+$/);
  assert.match(await k(...front, '--no-headers', '--show-labels'), /^a +1 +\S+ +tier=front\n/);
  assert.match(await k(...front, '-L', 'tier'), /^NAME +DATA +AGE +TIER\n/);
  assert.equal(await k(...front, '-o', 'name'), 'configmap/a\nconfigmap/b');
  assert.equal(await k(...front, '-o', 'jsonpath={.items[*].data.name}'), 'a b');
  assert.equal(await k(...front, '-o', 'go-template={{range .items}}{{.data.name}};{{end}}'), 'a;b;');
  assert.equal(await k(...front, '-o', 'custom-columns=N:.data.name', '--no-headers'), 'a\nb');
  assert.equal(JSON.parse(await k(...front, '-o', 'json')).kind, 'List');
  assert.match(
    await k('get', 'cm', 'a', '-o', 'yaml'),
    /^apiVersion: v1\ndata:\n {2}name: a\nkind: ConfigMap\n/,
  );
  const applied = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {name: a}\n';
  await kIn(applied, 'apply', '--server-side', '--force-conflicts', '--field-manager=us', '-f', '-');
  assert.doesNotMatch(await k('get', 'cm', 'a', '-o', 'yaml'), /managedFields/);
  assert.match(await k('get', 'cm', 'a', '-o', 'yaml', '--show-managed-fields'), /manager: us\n/);
  assert.match(await k('get', 'pod', 'pod', '-o', 'wide'), /IP +NODE +NOMINATED NODE +READINESS GATES\n/);
  assert.equal(
    await k('get', 'cm', '--sort-by=.metadata.name', '-l', 'tier', '-o', 'name'),
    'configmap/a\nconfigmap/b\nconfigmap/c',
  );
  assert.equal(
    await k('get', 'cm', '--chunk-size=1', '-l', 'tier', '-o', 'name'),
    'configmap/a\nconfigmap/b\nconfigmap/c',
  );
});

test('kubectl get: what is selected, and what is not there', { skip }, async () => {
  assert.equal(await k('get', 'cm', '-l', 'tier in (back),!other', '-o', 'name'), 'configmap/c');
  assert.equal(
    await k('get', 'cm', '--field-selector=metadata.name!=a', '-l', 'tier=front', '-o', 'name'),
    'configmap/b',
  );
  assert.match(await k('get', 'cm,pods', '--no-headers'), /^configmap\/a [\s\S]*\n+pod\/pod /);
  assert.match(await k('get', 'all', '-A', '--no-headers'), /^default +pod\/pod /);
  assert.equal(await refused('get', 'cm', 'x'), 'Error from server (NotFound): configmaps "x" not found');
  assert.equal(await k('get', 'cm', 'x', '--ignore-not-found'), '');
  assert.match(await refused('get', 'nosuch'), /the server doesn't have a resource type "nosuch"/);
  assert.match(
    await refused('get', 'pods', '--field-selector=spec.nosuch=1'),
    /field label not supported: spec.nosuch|"spec.nosuch" is not a known field selector/,
  );
  assert.equal(JSON.parse(await k('get', '--raw', '/api/v1/namespaces/default/configmaps/a')).data.name, 'a');
});

test('kubectl api-versions, api-resources and explain', { skip }, async () => {
  const versions = (await k('api-versions')).split('\n');
  for (const version of ['v1', 'apps/v1', 'batch/v1', 'policy/v1', 'rbac.authorization.k8s.io/v1']) {
    assert.ok(versions.includes(version), version);
  }
  assert.match(
    await k('api-resources', '--api-group=apps', '-o', 'wide', '--no-headers'),
    /^deployments +deploy +apps\/v1 +true +Deployment +create,delete,deletecollection,get,list,patch,update,watch +all$/m,
  );
  const cluster = (await k('api-resources', '--namespaced=false', '--verbs=list', '-o', 'name')).split('\n');
  assert.ok(cluster.includes('nodes') && !cluster.includes('pods'));
  assert.match(await k('explain', 'pod.spec.containers.livenessProbe'), /httpGet\t<HTTPGetAction>/);
  assert.match(await k('explain', 'deployment'), /DESCRIPTION:\n\s+Keeps a number of equal Pods running/);
  assert.match(
    await k('explain', 'pod.spec.containers.livenessProbe'),
    /periodSeconds\t<integer>\n\s+How often it is asked/,
  );
  assert.match(await k('explain', 'deployment', '--recursive'), /maxUnavailable\t<IntOrString>/);
  // Reads version 2 of the schemas, in protobuf.
  assert.match(
    await k('explain', 'deployment.spec', '--output=plaintext-openapiv2'),
    /selector\t<Object> -required-\n\s+Which Pods are its own\./,
  );
  assert.match(await refused('explain', 'pod.spec.nosuch'), /field "nosuch" does not exist/);
});

test('kubectl auth: can-i, whoami and reconcile', { skip }, async () => {
  await k('create', 'clusterrole', 'lister', '--verb=list', '--resource=pods');
  await k('create', 'rolebinding', 'lister', '--clusterrole=lister', '--user=ann');
  assert.equal(await k('auth', 'can-i', '*', '*', '--all-namespaces'), 'yes');
  assert.equal(await k('auth', 'can-i', 'list', 'pods', '--as=ann'), 'yes');
  assert.match(await refused('auth', 'can-i', 'list', 'pods', '--as=ann', '-n', 'kube-system'), /^$|no/);
  assert.match(await k('auth', 'can-i', '--list', '--as=ann'), /^pods +\[\] +\[\] +\[list\]$/m);
  assert.match(
    await refused('get', 'configmaps', '--as=ann'),
    /configmaps is forbidden: User "ann" cannot list resource "configmaps" in API group "" in the namespace "default"/,
  );
  const who = await k('auth', 'whoami', '-o', 'json', '--as=ann', '--as-group=devs', '--as-uid=7');
  assert.deepEqual(JSON.parse(who).status.userInfo, {
    username: 'ann',
    uid: '7',
    groups: ['devs', 'system:authenticated'],
  });
  const role = (verb: string) =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: lister}\n` +
    `rules: [{apiGroups: [""], resources: [pods], verbs: [${verb}]}]\n`;
  const file = await write('role.yaml', role('watch'));
  assert.match(await k('auth', 'reconcile', '-f', file), /lister reconciled/);
  const verbs = await k('get', 'clusterrole', 'lister', '-o', 'jsonpath={.rules[*].verbs[*]}');
  assert.deepEqual(verbs.split(' ').sort(), ['list', 'watch']);
});

test('kubectl events, cluster-info and version', { skip }, async () => {
  assert.match(
    await k('events', '--for', 'pod/pod'),
    /Warning +FailedScheduling +Pod\/pod +no nodes available to schedule pods/,
  );
  assert.match(
    await k('cluster-info'),
    /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1:\d+/,
  );
  assert.match(await k('version', '-o', 'json'), /"gitVersion": "v1\.36\./);
});

test('kubectl kustomize builds what apply -k applies', { skip }, async () => {
  const file = await write(
    'base.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: base}\ndata: {a: "1"}\n',
  );
  const folder = path.join(path.dirname(file), 'overlay');
  await mkdir(folder);
  await write(
    'overlay/base.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: base}\ndata: {a: "1"}\n',
  );
  await write(
    'overlay/kustomization.yaml',
    'namePrefix: my-\nresources: [base.yaml]\ncommonAnnotations: {by: us}\n',
  );
  assert.match(await k('kustomize', folder), /name: my-base/);
  assert.equal(await k('apply', '-k', folder), 'configmap/my-base created');
  assert.equal(await k('get', 'cm', 'my-base', '-o', 'jsonpath={.metadata.annotations.by}'), 'us');
  assert.match(await k('delete', '-k', folder), /configmap "my-base" deleted/);
});

test('kubectl wait and patch --local need no more than the API says', { skip }, async () => {
  assert.match(await k('wait', '--for=jsonpath={.data.name}=a', 'cm/a'), /configmap\/a condition met/);
  assert.match(
    await refused('wait', '--for=delete', 'cm/a', '--timeout=1s'),
    /timed out waiting for the condition/,
  );
  const object = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"l"},"data":{"a":"1"}}';
  const patch = ['--local', '-f', '-', '-p', '{"data":{"b":"2"}}', '-o', 'jsonpath={.data}'];
  assert.equal(await kIn(object, 'patch', ...patch), '{"a":"1","b":"2"}');
});
