/** CustomResourceDefinitions by the real kubectl: define, explain, apply, get, scale, delete. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { eventually } from '../tools/up-cluster.ts';
import { kubectlOnCluster } from './on-cluster.ts';

const { skip, k, attempt, write } = await kubectlOnCluster();

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: crontabs.stable.example.com }
spec:
  group: stable.example.com
  scope: Namespaced
  names: { plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct], categories: [all] }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                cronSpec: { type: string, pattern: '^(\\S+\\s*){5}$', description: When it runs. }
                replicas: { type: integer, minimum: 1, maximum: 10, default: 1 }
              x-kubernetes-validations:
                - rule: "self.cronSpec != '* * * * *' || self.replicas <= 2"
                  messageExpression: "'every minute only with 2 replicas, not ' + string(self.replicas)"
                - { rule: self.replicas >= oldSelf.replicas, reason: FieldValueForbidden, fieldPath: .replicas }
            status: { type: object, properties: { replicas: { type: integer } } }
      subresources:
        status: {}
        scale: { specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas }
      additionalPrinterColumns:
        - { name: Spec, type: string, jsonPath: .spec.cronSpec }
        - { name: Replicas, type: integer, jsonPath: .spec.replicas }
`;
const OBJECT = `
apiVersion: stable.example.com/v1
kind: CronTab
metadata: { name: nightly }
spec: { cronSpec: "0 3 * * *" }
`;

before(async () => {
  if (skip) return;
  await k('apply', '-f', write('definition.yaml', DEFINITION));
  await k('wait', '--for=condition=Established', 'crd/crontabs.stable.example.com', '--timeout=10s');
});

test('kubectl api-resources and explain know a custom kind at once', { skip }, async () => {
  assert.match(
    await k('api-resources', '--api-group=stable.example.com'),
    /^crontabs +ct +stable\.example\.com\/v1 +true +CronTab$/m,
  );
  assert.match(await k('explain', 'crontab.spec.cronSpec'), /When it runs\./);
  // As upstream's conformance test looks at it.
  assert.match(
    await k('explain', 'crontabs'),
    /FIELDS:.*apiVersion.*<string>.*APIVersion defines.*spec.*<Object>/s,
  );
  assert.match(
    await k('explain', 'crontabs.metadata'),
    /DESCRIPTION:.*Standard object's metadata.*FIELDS:.*creationTimestamp.*<string>.*CreationTimestamp is a timestamp/s,
  );
});

test('kubectl apply, get, scale, edit and delete work on custom objects', { skip }, async () => {
  assert.match(
    await k('apply', '-f', write('object.yaml', OBJECT)),
    /crontab\.stable\.example\.com\/nightly created/,
  );
  assert.match(await k('get', 'ct', '--no-headers'), /^nightly +0 3 \* \* \* +1/);
  await k('scale', '--replicas=3', 'ct/nightly');
  assert.equal(await k('get', 'ct', 'nightly', '-o', 'jsonpath={.spec.replicas}'), '3');
  await k(
    'apply',
    '--server-side',
    '--force-conflicts',
    '-f',
    write('object.yaml', OBJECT.replace('0 3', '0 4')),
  );
  assert.match(await k('get', 'ct', 'nightly', '-o', 'yaml'), /cronSpec: 0 4/);
  assert.match(await k('describe', 'ct', 'nightly'), /Kind: +CronTab/);
  assert.match(await k('get', 'all'), /crontab\.stable\.example\.com\/nightly/);
  await k('delete', 'ct', 'nightly');
});

test('kubectl apply refuses what the schema does not allow', { skip }, async () => {
  const bad = OBJECT.replace('0 3 * * *', 'no');
  const { code, stderr } = await attempt(['apply', '-f', write('bad.yaml', bad)]);
  assert.equal(code, 1);
  assert.match(stderr, /spec\.cronSpec in body should match/);
  const unknown = OBJECT.replace('cronSpec:', 'cronSpek:');
  const strict = await attempt(['apply', '-f', write('unknown.yaml', unknown)]);
  assert.equal(strict.code, 1);
  assert.match(strict.stderr, /unknown field "spec\.cronSpek"/);
});

test('kubectl shows which rule of a custom kind is broken', { skip }, async () => {
  const busy = OBJECT.replace('"0 3 * * *"', '"* * * * *", replicas: 3');
  const refused = await attempt(['apply', '-f', write('busy.yaml', busy)]);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /The CronTab "nightly" is invalid: spec: Invalid value: "object": every minute only with 2 replicas, not 3/,
  );
  await k('apply', '-f', write('object.yaml', OBJECT.replace('" }', '", replicas: 2 }')));
  const shrunk = await attempt(['scale', '--replicas=1', 'ct/nightly']);
  assert.match(shrunk.stderr, /spec\.replicas: Forbidden: failed rule: self\.replicas >= oldSelf\.replicas/);
  await k('delete', 'ct', 'nightly');
});

test('kubectl shows which rule of a definition does not compile', { skip }, async () => {
  const bad = DEFINITION.replaceAll('crontab', 'badtab').replace('self.cronSpec !=', 'self.cronSpek !=');
  const { stderr } = await attempt(['apply', '-f', write('bad-rule.yaml', bad)]);
  assert.match(stderr, /compilation failed: ERROR: <input>:1:5: undefined field 'cronSpek'/);
});

test('custom objects are collected with their owner, and go with their namespace', { skip }, async () => {
  await k('create', 'namespace', 'shop');
  await k('create', 'configmap', 'owner', '-n', 'shop');
  const uid = await k('get', 'configmap', 'owner', '-n', 'shop', '-o', 'jsonpath={.metadata.uid}');
  const owned = OBJECT.replace(
    'metadata: { name: nightly }',
    `metadata: { name: owned, namespace: shop, ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: owner, uid: ${uid} }] }`,
  );
  await k('apply', '-f', write('owned.yaml', owned));
  await k('delete', 'configmap', 'owner', '-n', 'shop');
  await eventually('collected', async () =>
    assert.equal((await k('get', 'ct', '-n', 'shop', '-o', 'name')).trim(), ''),
  );
  await k('apply', '-n', 'shop', '-f', write('object.yaml', OBJECT));
  await k('delete', 'namespace', 'shop', '--timeout=30s');
});

test('a definition goes with its objects', { skip }, async () => {
  await k('apply', '-f', write('object.yaml', OBJECT));
  await k('delete', 'crd', 'crontabs.stable.example.com', '--timeout=20s');
  const { code, stderr } = await attempt(['get', 'crontabs.stable.example.com']);
  assert.equal(code, 1);
  assert.match(stderr, /the server doesn't have a resource type/);
});
