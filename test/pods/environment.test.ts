/** The environment of a container, from every source, and what a Pod can do with it: find Services, call the API. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { ACCOUNTS, eventually, startUpCluster, TOOLBOX, type UpCluster } from '../tools/up-cluster.ts';

const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: back-end }
spec: { selector: { app: none }, ports: [{ name: web, port: 81 }] }
`;

const MANIFEST = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { color: blue, "not-a.name": odd, EMPTY: "" }
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { PASSWORD: "it's \\"$HOME\\"\\nand more" }
---
apiVersion: v1
kind: Pod
metadata:
  name: env
  labels: { app: env }
  annotations: { note: hello }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: "${TOOLBOX}"
      command: [sh, -c, 'echo "args: $*"; exec sleep infinity', sh, "$(LITERAL)", "$$(LITERAL)", "$(UNKNOWN)"]
      resources: { requests: { cpu: 10m, memory: 32Mi }, limits: { cpu: 1500m } }
      envFrom:
        - { configMapRef: { name: settings }, prefix: CM_ }
        - { secretRef: { name: keys } }
        - { configMapRef: { name: absent, optional: true } }
      env:
        - { name: LITERAL, value: "a b" }
        - { name: TWICE, value: "$(LITERAL)-$(LITERAL)-$$(LITERAL)-$(LATER)" }
        - { name: LATER, value: later }
        - { name: CM_color, value: overridden }
        - { name: COLOR, valueFrom: { configMapKeyRef: { name: settings, key: color } } }
        - { name: NOTHING, valueFrom: { configMapKeyRef: { name: settings, key: nothing, optional: true } } }
        - { name: SECRET, valueFrom: { secretKeyRef: { name: keys, key: PASSWORD } } }
        - { name: NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
        - { name: NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
        - { name: POD_UID, valueFrom: { fieldRef: { fieldPath: metadata.uid } } }
        - { name: LABEL, valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }
        - { name: NOTE, valueFrom: { fieldRef: { fieldPath: "metadata.annotations['note']" } } }
        - { name: NODE, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
        - { name: ACCOUNT, valueFrom: { fieldRef: { fieldPath: spec.serviceAccountName } } }
        - { name: OWN_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
        - { name: HOST_IP, valueFrom: { fieldRef: { fieldPath: status.hostIP } } }
        - { name: CPU_LIMIT, valueFrom: { resourceFieldRef: { resource: limits.cpu } } }
        - { name: CPU_MILLIS, valueFrom: { resourceFieldRef: { resource: requests.cpu, divisor: 1m } } }
        - { name: MEMORY, valueFrom: { resourceFieldRef: { resource: requests.memory, divisor: 1Mi } } }
        - { name: MEMORY_LIMIT, valueFrom: { resourceFieldRef: { resource: limits.memory } } }
---
apiVersion: v1
kind: Pod
metadata: { name: unlinked }
spec:
  enableServiceLinks: false
  terminationGracePeriodSeconds: 0
  containers: [{ name: main, image: "${TOOLBOX}" }]
`;

/** Calls the API as upstream's clients do from inside a cluster; prints the status and the body. */
const CALL = `
const { readFileSync } = require('fs');
const at = process.env.KINTSUGI_ROOT + '/var/run/secrets/kubernetes.io/serviceaccount/';
const read = (name) => readFileSync(at + name, 'utf8');
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
const headers = { authorization: 'Bearer ' + read('token') };
const path = '/api/v1/namespaces/' + read('namespace') + '/pods';
require('https').get({ host, port, path, headers, ca: read('ca.crt') }, async (answer) => {
  const chunks = [];
  for await (const chunk of answer) chunks.push(chunk);
  const { message, items } = JSON.parse(Buffer.concat(chunks));
  console.log(answer.statusCode, message ?? items.map((pod) => pod.metadata.name).join());
}).on('error', (error) => console.log(String(error)));
`;

for (const [account, options] of Object.entries(ACCOUNTS)) {
  const skip = !(await hasKubectl()) || options === undefined ? 'needs kubectl, and root for root' : false;
  describe(`environment (${account})`, { skip }, () => {
    let cluster: UpCluster;
    let variables: Map<string, string>;
    const variablesOf = async (pod: string) => {
      const script = 'process.stdout.write(JSON.stringify(process.env))';
      const text = await cluster.kubectl('exec', pod, '--', process.execPath, '-e', script);
      return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
    };
    before(async () => {
      cluster = await startUpCluster(options);
      await cluster.kubectl.withInput(SERVICE, 'apply', '-f', '-');
      await eventually('the agent has heard of the Service', async () => {
        await cluster.kubectl.withInput(MANIFEST, 'apply', '-f', '-');
        await cluster.kubectl('wait', '--for=condition=Ready', 'pod/env', 'pod/unlinked', '--timeout=25s');
        variables = await variablesOf('env');
        if (variables.has('BACK_END_SERVICE_HOST')) return;
        await cluster.kubectl('delete', 'pod', 'env', 'unlinked');
        assert.fail('not yet');
      });
    });
    after(() => cluster?.[Symbol.asyncDispose]());
    const values = (...names: string[]) => names.map((name) => variables.get(name));

    test('values refer to those before them, as arguments do', async () => {
      assert.deepEqual(values('LITERAL', 'TWICE'), ['a b', 'a b-a b-$(LITERAL)-$(LATER)']);
      assert.equal(await cluster.kubectl('logs', 'env'), 'args: a b $(LITERAL) $(UNKNOWN)\n');
    });

    test('ConfigMaps and Secrets come by key and whole; what is optional may lack', () => {
      assert.deepEqual(values('COLOR', 'NOTHING', 'CM_color', 'CM_EMPTY'), [
        'blue',
        undefined,
        'overridden',
        '',
      ]);
      assert.equal(variables.get('CM_not-a.name'), 'odd');
      const password = 'it\'s "$HOME"\nand more';
      assert.deepEqual(values('SECRET', 'PASSWORD'), [password, password]);
    });

    test('fields of the Pod and its resources come as upstream writes them', async () => {
      const field = (path: string) => cluster.kubectl('get', 'pod', 'env', '-o', `jsonpath={${path}}`);
      assert.deepEqual(values('NAME', 'NAMESPACE', 'LABEL', 'NOTE'), ['env', 'default', 'env', 'hello']);
      assert.deepEqual(values('NODE', 'ACCOUNT'), ['node-1', 'default']);
      assert.equal(variables.get('POD_UID'), await field('.metadata.uid'));
      assert.equal(variables.get('OWN_IP'), await field('.status.podIP'));
      assert.equal(variables.get('HOST_IP'), await field('.status.hostIP'));
      assert.deepEqual(values('CPU_LIMIT', 'CPU_MILLIS', 'MEMORY'), ['2', '10', '32']);
      // Without a limit it is what the node can give.
      assert.ok(Number(variables.get('MEMORY_LIMIT')) > 2 ** 27);
    });

    test('Services are found by variables, without links only the API', async () => {
      const ip = await cluster.kubectl('get', 'service', 'back-end', '-o', 'jsonpath={.spec.clusterIP}');
      assert.deepEqual(values('BACK_END_SERVICE_HOST', 'BACK_END_SERVICE_PORT_WEB'), [ip, '81']);
      assert.equal(variables.get('BACK_END_PORT_81_TCP'), `tcp://${ip}:81`);
      const unlinked = await variablesOf('unlinked');
      assert.equal(unlinked.get('BACK_END_SERVICE_HOST'), undefined);
      assert.equal(unlinked.get('KUBERNETES_SERVICE_HOST'), variables.get('KUBERNETES_SERVICE_HOST'));
    });

    test('a Pod calls the API with its token, and may do what its roles say', async () => {
      const call = () => cluster.kubectl('exec', 'env', '--', process.execPath, '-e', CALL);
      assert.match(
        await call(),
        /^403 pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods"/,
      );
      await cluster.kubectl(
        'create',
        'rolebinding',
        'look',
        '--clusterrole=view',
        '--serviceaccount=default:default',
      );
      await eventually('the role counts', async () => assert.match(await call(), /^200 .*\benv\b/));
    });
  });
}
