/** Commands of kubectl that change what is there: label, annotate, patch in all types, replace, edit, set, scale, rollout. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { kubectlOnServer } from './server-only.ts';

const { skip, k, kIn, refused, write } = await kubectlOnServer();

before(async () => {
  if (skip !== false) return;
  await k('create', 'deployment', 'web', '--image=one', '--image=two', '--replicas=2');
  await k('run', 'pod', '--image=busybox', '--labels=app=pod');
  await k('create', 'configmap', 'words', '--from-literal=a=1');
});

const path = (what: string, jsonpath: string) => k('get', what, '-o', `jsonpath=${jsonpath}`);

test('kubectl label and annotate', { skip }, async () => {
  assert.equal(await k('label', 'pod', 'pod', 'x=y'), 'pod/pod labeled');
  assert.equal(await k('label', 'pod', 'pod', 'x=y'), 'pod/pod not labeled');
  assert.match(
    await refused('label', 'pod', 'pod', 'x=z'),
    /'x' already has a value \(y\), and --overwrite is false/,
  );
  await k('label', 'pod', 'pod', 'x=z', '--overwrite');
  assert.match(
    await refused('label', 'pod', 'pod', 'x=w', '--overwrite', '--resource-version=1'),
    /\(Conflict\): Operation cannot be fulfilled on pods "pod": the object has been modified/,
  );
  assert.equal(await k('label', 'pods', '-l', 'x=z', 'x-'), 'pod/pod unlabeled');
  assert.equal(await k('label', 'pod', 'pod', '--list'), 'app=pod');
  assert.equal(await k('annotate', 'deployment', 'web', 'why=because'), 'deployment.apps/web annotated');
  assert.equal(await path('deployment/web', '{.metadata.annotations.why}'), 'because');
  await k('annotate', 'deployment', 'web', 'why-');
  assert.match(
    await refused('annotate', 'deployment', 'web', 'a/b/c=1'),
    /metadata.annotations: Invalid value: "a\/b\/c": a qualified name must consist of/,
  );
});

test('kubectl patch: strategic, merge and JSON patches, and those of subresources', { skip }, async () => {
  const images = '{.spec.template.spec.containers[*].image}';
  const containers = { spec: { template: { spec: { containers: [{ name: 'two', image: 'deux' }] } } } };
  assert.equal(
    await k('patch', 'deployment', 'web', '-p', JSON.stringify(containers)),
    'deployment.apps/web patched',
  );
  assert.equal(await path('deployment/web', images), 'one deux');
  assert.equal(
    await k('patch', 'deployment', 'web', '-p', JSON.stringify(containers)),
    'deployment.apps/web patched (no change)',
  );
  const replace = '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"un"}]';
  await k('patch', 'deployment', 'web', '--type=json', '-p', replace);
  assert.equal(await path('deployment/web', images), 'un deux');
  assert.match(
    await refused(
      'patch',
      'cm',
      'words',
      '--type=json',
      '-p',
      '[{"op":"test","path":"/data/a","value":"2"}]',
    ),
    /testing value \/data\/a failed/,
  );
  await k('patch', 'cm', 'words', '--type=merge', '-p', '{"data":{"a":null,"b":"2"}}');
  assert.equal(await path('cm/words', '{.data}'), '{"b":"2"}');
  const file = await write('patch.yaml', 'data: {c: "3"}\n');
  await k('patch', 'cm', 'words', `--patch-file=${file}`);
  assert.equal(await path('cm/words', '{.data}'), '{"b":"2","c":"3"}');
  await k(
    'patch',
    'deployment',
    'web',
    '--subresource=scale',
    '--type=merge',
    '-p',
    '{"spec":{"replicas":3}}',
  );
  assert.equal(await path('deployment/web', '{.spec.replicas}'), '3');
  const status = '{"spec":{"nodeName":"x"},"status":{"message":"told"}}';
  await k('patch', 'pod', 'pod', '--subresource=status', '--type=merge', '-p', status);
  assert.equal(await path('pod/pod', '{.status.message}{.spec.nodeName}'), 'told');
  assert.match(
    await refused('patch', 'pod', 'pod', '-p', '{"spec":{"hostNetwork":true}}'),
    /spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\]\.image`/,
  );
});

test('kubectl replace: what was read, by force, and not what has changed since', { skip }, async () => {
  const read = await k('get', 'cm', 'words', '-o', 'json');
  assert.equal(await kIn(read.replace('"3"', '"4"'), 'replace', '-f', '-'), 'configmap/words replaced');
  const stale = await write('stale.json', read);
  assert.match(await refused('replace', '-f', stale), /\(Conflict\).*the object has been modified/);
  const uid = await path('cm/words', '{.metadata.uid}');
  const forced = await k('replace', '--force', '-f', stale);
  assert.match(forced, /configmap "words" deleted.*\nconfigmap\/words replaced/);
  assert.notEqual(await path('cm/words', '{.metadata.uid}'), uid);
  const absent = await write('absent.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: absent}\n');
  assert.match(await refused('replace', '-f', absent), /configmaps "absent" not found/);
});

test('kubectl set: image, env, resources, serviceaccount, selector, subject', { skip }, async () => {
  const container = (field: string) => path('deployment/web', `{.spec.template.spec.containers[0].${field}}`);
  await k('set', 'image', 'deployment/web', '*=same');
  assert.equal(await path('deployment/web', '{.spec.template.spec.containers[*].image}'), 'same same');
  assert.match(
    await refused('set', 'image', 'deployment/web', 'three=x'),
    /unable to find container named "three"/,
  );
  await k('set', 'env', 'deployment/web', '-c', 'one', 'A=b', '--from=configmap/words');
  assert.match(await k('set', 'env', 'deployment/web', '--list'), /# B from configmap words, key b\n/);
  await k('set', 'env', 'deployment/web', '-c', 'one', 'A-', 'B-', 'C-');
  assert.equal(await container('env'), '');
  await k('set', 'resources', 'deployment/web', '-c=one', '--limits=cpu=200m', '--requests=cpu=0.1');
  assert.equal(await container('resources'), '{"limits":{"cpu":"200m"},"requests":{"cpu":"100m"}}');
  await k('create', 'serviceaccount', 'bot');
  await k('set', 'serviceaccount', 'deployment/web', 'bot');
  assert.equal(await path('deployment/web', '{.spec.template.spec.serviceAccountName}'), 'bot');
  await k('create', 'service', 'clusterip', 'web', '--tcp=80');
  await k('set', 'selector', 'service', 'web', 'a=b');
  assert.equal(await path('service/web', '{.spec.selector}'), '{"a":"b"}');
  await k('create', 'rolebinding', 'viewers', '--clusterrole=view', '--user=ann');
  await k('set', 'subject', 'rolebinding', 'viewers', '--group=devs');
  assert.equal(await path('rolebinding/viewers', '{.subjects[*].name}'), 'ann devs');
});

test('kubectl scale and rollout without a node', { skip }, async () => {
  await k('scale', 'deployment/web', '--replicas=4');
  assert.match(
    await refused('scale', 'deployment/web', '--current-replicas=2', '--replicas=1'),
    /Expected replicas to be 2, was 4/,
  );
  await k('rollout', 'pause', 'deployment/web');
  assert.match(await refused('rollout', 'pause', 'deployment/web'), /is already paused/);
  assert.match(await refused('rollout', 'restart', 'deployment/web'), /can't restart paused deployment/);
  await k('rollout', 'resume', 'deployment/web');
  assert.match(
    await refused('rollout', 'undo', 'deployment/web', '--to-revision=99'),
    /unable to find specified revision 99 in history/,
  );
  assert.match(
    await k('rollout', 'status', 'deployment/web', '--watch=false'),
    /^Waiting for deployment "web" rollout/,
  );
  assert.match(
    await refused('rollout', 'status', 'deployment/web', '--timeout=1s'),
    /timed out waiting for the condition/,
  );
});

test('kubectl apply: last-applied, prune by an apply set, and diff', { skip }, async () => {
  const manifest = (b: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied, labels: {set: s}}\ndata: {a: "1"${b}}\n`;
  const file = await write('applied.yaml', manifest(', b: "2"'));
  assert.equal(await k('apply', '-f', file), 'configmap/applied created');
  assert.equal(await k('apply', '-f', file), 'configmap/applied unchanged');
  await k('patch', 'cm', 'applied', '-p', '{"data":{"own":"kept"}}');
  await write('applied.yaml', manifest(''));
  assert.match(await refused('diff', '-f', file), /^$|exit status 1/);
  assert.equal(await k('apply', '-f', file), 'configmap/applied configured');
  assert.equal(await path('cm/applied', '{.data}'), '{"a":"1","own":"kept"}');
  assert.match(await k('apply', 'view-last-applied', '-f', file), /a: "1"/);
  const other = await write(
    'other.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, labels: {set: s}}\n',
  );
  assert.match(
    await k('apply', '-f', other, '--prune', '-l', 'set=s', '--prune-allowlist=core/v1/ConfigMap'),
    /configmap\/other created\nconfigmap\/applied pruned/,
  );
  assert.match(await k('delete', '-f', other, '--wait'), /configmap "other" deleted/);
});

test('kubectl taint, cordon and drain on a node that nobody answers for', { skip }, async () => {
  const taints = '[{key: own, effect: NoSchedule}]';
  const node = await write(
    'node.yaml',
    `apiVersion: v1\nkind: Node\nmetadata: {name: stone}\nspec: {taints: ${taints}}\n`,
  );
  await k('create', '-f', node);
  assert.equal(await k('taint', 'node', 'stone', 'a=b:NoSchedule'), 'node/stone tainted');
  assert.match(
    await refused('taint', 'node', 'stone', 'a=c:NoSchedule'),
    /already has a taint\(s\) with same effect\(s\) and --overwrite is false/,
  );
  await k('taint', 'node', 'stone', 'a-');
  assert.equal(await k('cordon', 'stone'), 'node/stone cordoned');
  assert.equal(await k('cordon', 'stone'), 'node/stone already cordoned');
  assert.match(
    await k('get', 'node', 'stone', '--no-headers'),
    /^stone +(NotReady|Unknown),SchedulingDisabled /,
  );
  assert.match(await k('drain', 'stone'), /node\/stone drained$/);
  assert.equal(await k('uncordon', 'stone'), 'node/stone uncordoned');
  assert.match(await k('delete', 'node', 'stone'), /node "stone" deleted/);
});
