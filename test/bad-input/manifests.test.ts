/** What kubectl says of manifests that are wrong, in the words that a user of Kubernetes knows. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { type Kubectl, newKubectl } from '../tools/run-kubectl.ts';
import { startServerFor } from '../tools/server-process.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
const kubectl: Kubectl = newKubectl(skip === false ? (await startServerFor({ after })).kubeconfig : '');

const configMap = (fields: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a' },
  ...fields,
});
const deployment = (spec: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'web' }] },
    },
    ...spec,
  },
});

const refusals: { what: string; manifest: object | string; says: RegExp }[] = [
  {
    what: 'an unknown field',
    manifest: deployment({ replica: 3 }),
    says: /^Error from server \(BadRequest\): error when creating "STDIN": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec\.replica"$/,
  },
  {
    what: 'a field of the wrong type',
    manifest: deployment({ replicas: 'three' }),
    says: /^Error from server \(BadRequest\): error when creating "STDIN": Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32$/,
  },
  {
    what: 'a number where a string belongs',
    manifest: configMap({ data: { port: 80 } }),
    says: /json: cannot unmarshal number into Go struct field ConfigMap\.data of type string$/,
  },
  {
    what: 'an invalid name',
    manifest: configMap({ metadata: { name: 'Not_a_name' } }),
    says: /^The ConfigMap "Not_a_name" is invalid: metadata\.name: Invalid value: "Not_a_name": a lowercase RFC 1123 subdomain must consist of/,
  },
  {
    what: 'no name',
    manifest: configMap({ metadata: {} }),
    says: /resource name may not be empty|name or generateName is required/,
  },
  {
    what: 'an unknown kind',
    manifest: configMap({ kind: 'ConfigMapp' }),
    says: /^error: resource mapping not found for name: "a" namespace: "" from "STDIN": no matches for kind "ConfigMapp" in version "v1"\nensure CRDs are installed first$/,
  },
  {
    what: 'an unknown API version',
    manifest: { ...deployment({}), apiVersion: 'apps/v2' },
    says: /^error: resource mapping not found for name: "web" namespace: "" from "STDIN": no matches for kind "Deployment" in version "apps\/v2"\nensure CRDs are installed first$/,
  },
  {
    what: 'a selector that does not match its own template',
    manifest: deployment({ selector: { matchLabels: { app: 'other' } } }),
    says: /^The Deployment "web" is invalid: spec\.template\.metadata\.labels: Invalid value: (map\[string\]string)?\{"app":"web"\}: `selector` does not match template `labels`$/,
  },
  {
    what: 'two things wrong at once',
    manifest: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ image: 'i' }], restartPolicy: 'Sometimes' },
    },
    says: /^The Pod "p" is invalid: \n\* spec\.containers\[0\]\.name: Required value\n\* spec\.restartPolicy: Unsupported value: "Sometimes": supported values: /,
  },
  {
    what: 'a body of 3 MB',
    manifest: configMap({ data: { a: 'x'.repeat(3 * 1024 * 1024) } }),
    says: /^Error from server \(RequestEntityTooLarge\): error when creating "STDIN": Request entity too large: limit is 3145728$/,
  },
  {
    what: 'more data than a ConfigMap may hold',
    manifest: configMap({ data: { a: 'x'.repeat(1024 * 1024 + 1) } }),
    says: /^The ConfigMap "a" is invalid: \[\]: Too long: may not be more than 1048576 bytes$/,
  },
  {
    what: 'a YAML bomb',
    manifest: yamlBomb(),
    says: /yaml: document contains excessive aliasing$/,
  },
  {
    what: 'a namespace that is not there',
    manifest: configMap({ metadata: { name: 'a', namespace: 'nowhere' } }),
    says: /^Error from server \(NotFound\): error when creating "STDIN": namespaces "nowhere" not found$/,
  },
  {
    what: 'what is no manifest at all',
    manifest: 'hello',
    says: /^error: error parsing STDIN|^error: error validating "STDIN"|cannot unmarshal string/,
  },
];

for (const { what, manifest, says } of refusals) {
  test(`kubectl create is told of ${what}`, { skip }, async () => {
    const input = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
    const { code, stdout, stderr } = await kubectl.attempt(['create', '-f', '-'], input);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr.trimEnd(), says);
    assert.doesNotMatch(stderr, /\bat .+:\d+:\d+/, 'no stack trace');
  });
}

test('kubectl create of several manifests stores those that are right', { skip }, async () => {
  const good = (name: string) => configMap({ metadata: { name } });
  const input = [good('first'), configMap({ metadata: { name: '-' } }), good('last')]
    .map((manifest) => JSON.stringify(manifest))
    .join('\n---\n');
  const { code, stdout } = await kubectl.attempt(['create', '-f', '-'], input);
  assert.equal(code, 1);
  assert.equal(stdout, 'configmap/first created\nconfigmap/last created\n');
  assert.equal(
    await kubectl('get', 'configmap', 'first', 'last', '-o', 'name'),
    'configmap/first\nconfigmap/last\n',
  );
});

function yamlBomb(): string {
  const lines = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata: {name: bomb}',
    'a0: &a0 [x, x, x, x, x, x, x, x, x]',
  ];
  for (let i = 1; i <= 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}
