/** What a person does with single objects through kubectl, against a server without nodes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { eventually } from '../tools/eventually.ts';
import { hasKubectl, kubectlPath } from '../tools/kubectl.ts';
import { kubectlEnvironment, newKubectl } from '../tools/run-kubectl.ts';
import { startServerFor } from '../tools/server-process.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
const server = skip === false ? await startServerFor({ after }) : undefined;
const kubectl = newKubectl(server?.kubeconfig ?? '');
const manifest = (...objects: object[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');

const configMap = (name: string, fields: object = {}) => {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...fields };
};

test('kubectl create, get, delete', { skip }, async () => {
  assert.equal(
    await kubectl('create', 'configmap', 'first', '--from-literal=a=b'),
    'configmap/first created\n',
  );
  assert.match(await kubectl('get', 'configmap', 'first'), /^NAME +DATA +AGE\nfirst +1 +\d+s\n$/);
  const again = await kubectl.attempt(['create', 'configmap', 'first']);
  assert.equal(again.stderr, 'error: failed to create configmap: configmaps "first" already exists\n');
  assert.match(await kubectl('delete', 'configmap', 'first'), /^configmap "first" deleted/);
  const gone = await kubectl.attempt(['get', 'configmap', 'first']);
  assert.equal(gone.stderr, 'Error from server (NotFound): configmaps "first" not found\n');
});

test('kubectl get -o json, yaml, name, jsonpath, custom-columns, wide', { skip }, async () => {
  await kubectl('create', 'configmap', 'shown', '--from-literal=a=b');
  const read = ['get', 'configmap', 'shown', '-o'];
  const json = JSON.parse(await kubectl(...read, 'json')) as { data: unknown; kind: string };
  assert.deepEqual([json.kind, json.data], ['ConfigMap', { a: 'b' }]);
  assert.match(
    await kubectl(...read, 'yaml'),
    /^apiVersion: v1\ndata:\n {2}a: b\nkind: ConfigMap\nmetadata:\n/,
  );
  assert.equal(await kubectl(...read, 'name'), 'configmap/shown\n');
  assert.equal(await kubectl(...read, 'jsonpath={.data.a}'), 'b');
  assert.match(await kubectl(...read, 'custom-columns=N:.metadata.name'), /^N\nshown\n$/);
  assert.match(await kubectl('get', 'namespaces', '-o', 'wide'), /^NAME +STATUS +AGE\n/);
});

test('kubectl apply creates, changes, removes what it no longer names, and leaves the rest', {
  skip,
}, async () => {
  const apply = (data: object) =>
    kubectl.withInput(manifest(configMap('applied', { data })), 'apply', '-f', '-');
  assert.equal(await apply({ a: '1', b: '1' }), 'configmap/applied created\n');
  assert.equal(await apply({ a: '1', b: '1' }), 'configmap/applied unchanged\n');
  await kubectl('patch', 'configmap', 'applied', '--type=merge', '-p', '{"data":{"other":"x"}}');
  assert.equal(await apply({ a: '2' }), 'configmap/applied configured\n');
  assert.equal(
    await kubectl('get', 'configmap', 'applied', '-o', 'jsonpath={.data}'),
    '{"a":"2","other":"x"}',
  );
});

test('kubectl diff tells what apply would change, and changes nothing', { skip }, async () => {
  await kubectl.withInput(manifest(configMap('compared', { data: { a: '1' } })), 'apply', '-f', '-');
  const same = await kubectl.attempt(
    ['diff', '-f', '-'],
    manifest(configMap('compared', { data: { a: '1' } })),
  );
  assert.deepEqual([same.code, same.stdout], [0, '']);
  const differs = await kubectl.attempt(
    ['diff', '-f', '-'],
    manifest(configMap('compared', { data: { a: '2' } })),
  );
  assert.equal(differs.code, 1);
  assert.match(differs.stdout, /^- {2}a: "1"\n\+ {2}a: "2"$/m);
  assert.equal(await kubectl('get', 'configmap', 'compared', '-o', 'jsonpath={.data.a}'), '1');
});

test('kubectl patch: merge, JSON and strategic', { skip }, async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'patched' },
    spec: {
      containers: [
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:1' },
      ],
    },
  };
  await kubectl.withInput(manifest(pod), 'create', '-f', '-');
  const patch = (type: string, body: unknown) =>
    kubectl('patch', 'pod', 'patched', `--type=${type}`, '-p', JSON.stringify(body));
  await patch('merge', { metadata: { labels: { x: '1', y: '1' } } });
  await patch('merge', { metadata: { labels: { y: null } } });
  await patch('json', [{ op: 'add', path: '/metadata/labels/z', value: '1' }]);
  await patch('strategic', { spec: { containers: [{ name: 'b', image: 'b:2' }] } });
  assert.equal(
    await kubectl('get', 'pod', 'patched', '-o', 'jsonpath={.metadata.labels}'),
    '{"x":"1","z":"1"}',
  );
  assert.equal(
    await kubectl('get', 'pod', 'patched', '-o', 'jsonpath={.spec.containers[*].image}'),
    'a:1 b:2',
  );
  assert.equal(
    await patch('strategic', { spec: { containers: [{ name: 'b', image: 'b:2' }] } }),
    'pod/patched patched (no change)\n',
  );
});

test('kubectl label, annotate, replace', { skip }, async () => {
  await kubectl('create', 'configmap', 'labelled');
  assert.equal(await kubectl('label', 'configmap', 'labelled', 'tier=web'), 'configmap/labelled labeled\n');
  const refused = await kubectl.attempt(['label', 'configmap', 'labelled', 'tier=db']);
  assert.match(refused.stderr, /'tier' already has a value \(web\), and --overwrite is false/);
  await kubectl('label', 'configmap', 'labelled', 'tier=db', '--overwrite');
  assert.equal(
    await kubectl('annotate', 'configmap', 'labelled', 'note=a b'),
    'configmap/labelled annotated\n',
  );
  await kubectl('label', 'configmap', 'labelled', 'tier-');
  const metadata = JSON.parse(
    await kubectl('get', 'configmap', 'labelled', '-o', 'jsonpath={.metadata}'),
  ) as object;
  assert.partialDeepStrictEqual(metadata, { annotations: { note: 'a b' } });
  assert.equal('labels' in metadata, false);
  const body = manifest(configMap('labelled', { data: { new: 'x' } }));
  assert.equal(await kubectl.withInput(body, 'replace', '-f', '-'), 'configmap/labelled replaced\n');
});

test('kubectl get with label and field selectors', { skip }, async () => {
  await kubectl('create', 'namespace', 'selected');
  const maps = ['a', 'b', 'c'].map((name) => {
    return configMap(name, {
      metadata: { name, namespace: 'selected', labels: { letter: name, kind: 'x' } },
    });
  });
  await kubectl.withInput(manifest(...maps), 'create', '-f', '-');
  const names = (...args: string[]) => kubectl('get', 'configmap', '-n', 'selected', '-o', 'name', ...args);
  const only = (output: string) =>
    output
      .split('\n')
      .filter((line) => /\/[abc]$/.test(line))
      .map((line) => line.at(-1))
      .join('');
  assert.equal(only(await names('-l', 'kind=x')), 'abc');
  assert.equal(only(await names('-l', 'letter in (a,c)')), 'ac');
  assert.equal(only(await names('-l', 'letter notin (a),kind')), 'bc');
  assert.equal(only(await names('-l', 'letter!=a,!missing')), 'bc');
  assert.equal(only(await names('--field-selector', 'metadata.name=b')), 'b');
  assert.equal(only(await names('--field-selector', 'metadata.name!=b')), 'ac');
  await kubectl('delete', 'configmap', '-n', 'selected', '-l', 'letter in (a,b)');
  assert.equal(only(await names()), 'c');
});

test('kubectl get pages through a list of any length', { skip }, async () => {
  await kubectl('create', 'namespace', 'paged');
  const maps = Array.from({ length: 57 }, (_, i) =>
    configMap(`m-${i}`, { metadata: { name: `m-${i}`, namespace: 'paged' } }),
  );
  await kubectl.withInput(manifest({ apiVersion: 'v1', kind: 'List', items: maps }), 'create', '-f', '-');
  for (const size of ['0', '20', '57', '500']) {
    const names = await kubectl('get', 'configmap', '-n', 'paged', '--chunk-size', size, '-o', 'name');
    assert.equal(names.split('\n').filter((name) => name.includes('/m-')).length, 57, `chunks of ${size}`);
  }
});

test('kubectl --dry-run=server says what would come of it, and stores nothing', { skip }, async () => {
  const made = await kubectl(
    'create',
    'deployment',
    'never',
    '--image=x',
    '--dry-run=server',
    '-o',
    'jsonpath={.spec.strategy.type}',
  );
  assert.equal(made, 'RollingUpdate');
  const refused = await kubectl.attempt(['create', '--dry-run=server', '-f', '-'], manifest(configMap('-')));
  assert.match(refused.stderr, /metadata\.name: Invalid value: "-"/);
  await kubectl('create', 'configmap', 'stays');
  assert.equal(
    await kubectl('delete', 'configmap', 'stays', '--dry-run=server'),
    'configmap "stays" deleted from default namespace (server dry run)\n',
  );
  assert.equal(
    await kubectl(
      'get',
      'deployment,configmap',
      '--field-selector=metadata.name!=kube-root-ca.crt',
      '-o',
      'name',
    ).then((text) => text.includes('never')),
    false,
  );
  await kubectl('get', 'configmap', 'stays');
});

test('kubectl get -w prints each change as it happens', { skip }, async () => {
  const child = spawn(await kubectlPath(), ['get', 'configmap', '--watch-only', '-o', 'name'], {
    env: kubectlEnvironment(server!.kubeconfig),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const count = (name: string) => lines.filter((line) => line === `configmap/${name}`).length;
  try {
    // The watch is there once it tells of a change.
    let probes = 0;
    await eventually(async () => {
      await kubectl('create', 'configmap', `probe-${probes++}`);
      assert.ok(lines.length > 0);
    });
    await kubectl('create', 'configmap', 'watched');
    await kubectl('label', 'configmap', 'watched', 'a=b');
    await kubectl('delete', 'configmap', 'watched');
    await eventually(async () => assert.equal(count('watched'), 3));
  } finally {
    child.kill();
  }
});

test('kubectl explain, api-resources, api-versions, version, cluster-info', { skip }, async () => {
  assert.match(
    await kubectl('explain', 'deployment.spec.replicas'),
    /^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: replicas <integer>\n/,
  );
  assert.match(await kubectl('explain', 'pod.spec.containers', '--recursive'), /readinessProbe\t<Probe>/);
  const resources = await kubectl('api-resources', '--no-headers');
  for (const line of [
    /^pods +po +v1 +true +Pod$/m,
    /^deployments +deploy +apps\/v1 +true +Deployment$/m,
    /^nodes +no +v1 +false +Node$/m,
  ]) {
    assert.match(resources, line);
  }
  assert.match(
    await kubectl('api-resources', '--api-group=batch', '-o', 'name'),
    /^cronjobs\.batch\njobs\.batch\n$/,
  );
  assert.match(await kubectl('api-versions'), /^apps\/v1$/m);
  assert.match(await kubectl('version', '-o', 'json'), /"serverVersion": \{[^}]*"gitVersion": "v1\.36/);
  assert.match(await kubectl('cluster-info'), /control plane.* is running at/);
});

test('kubectl auth can-i asks the server', { skip }, async () => {
  assert.equal(await kubectl('auth', 'can-i', 'create', 'pods'), 'yes\n');
  const nobody = await kubectl.attempt(['auth', 'can-i', 'create', 'pods', '--as', 'nobody']);
  assert.deepEqual([nobody.code, nobody.stdout], [1, 'no\n']);
  await kubectl('create', 'role', 'reader', '--verb=get,list', '--resource=pods');
  await kubectl('create', 'rolebinding', 'reader', '--role=reader', '--user=jane');
  await eventually(async () => {
    assert.equal(await kubectl('auth', 'can-i', 'list', 'pods', '--as', 'jane'), 'yes\n');
  });
  assert.equal((await kubectl.attempt(['auth', 'can-i', 'delete', 'pods', '--as', 'jane'])).stdout, 'no\n');
  assert.match(await kubectl('auth', 'can-i', '--list', '--as', 'jane'), /^pods +\[\] +\[\] +\[get list\]$/m);
  assert.match(await kubectl('auth', 'whoami'), /Username +kubernetes-admin/);
  const refused = await kubectl.attempt(['delete', 'pod', 'x', '--as', 'jane']);
  assert.equal(
    refused.stderr,
    'Error from server (Forbidden): pods "x" is forbidden: User "jane" cannot delete resource "pods" in API group "" in the namespace "default"\n',
  );
});
