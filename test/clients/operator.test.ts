/** An operator of a few dozen lines in plain fetch, for a kind of its own, at a server that the real kubectl set up. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { kubectlOnServer } from '../kubectl/server-only.ts';
import { eventually } from '../tools/eventually.ts';

const { skip, k, kIn, refused, write } = await kubectlOnServer();

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: greetings.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: Greeting, plural: greetings, singular: greeting, shortNames: [gr] }
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      additionalPrinterColumns:
        - { name: Ready, type: boolean, jsonPath: .status.ready }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [whom]
              properties: { whom: { type: string, maxLength: 20 } }
            status:
              type: object
              properties: { ready: { type: boolean }, observedGeneration: { type: integer } }
`;
const greeting = (whom: string) =>
  `apiVersion: example.com/v1\nkind: Greeting\nmetadata: {name: first}\nspec: {whom: ${whom}}\n`;

async function startOperator(): Promise<{ stop(): Promise<void> }> {
  const [url, authority, token] = await Promise.all([
    k('config', 'view', '--raw', '-o', 'jsonpath={.clusters[0].cluster.server}'),
    k('config', 'view', '--raw', '-o', 'jsonpath={.clusters[0].cluster.certificate-authority-data}'),
    k('create', 'token', 'greeter'),
  ]);
  const file = await write('ca.crt', Buffer.from(authority, 'base64').toString());
  const program = path.join(import.meta.dirname, 'greeting-operator.mjs');
  const env = { PATH: process.env['PATH'], API: url, TOKEN: token, NODE_EXTRA_CA_CERTS: file };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  return {
    async stop() {
      child.kill();
      await closed;
    },
  };
}

test('an operator in plain fetch looks after objects of its own kind', { skip }, async () => {
  await kIn(DEFINITION, 'apply', '-f', '-');
  await k('wait', '--for=condition=Established', 'crd/greetings.example.com', '--timeout=10s');
  await k('create', 'serviceaccount', 'greeter');
  await k(
    'create',
    'clusterrole',
    'greeter',
    '--verb=get,list,watch,patch,create,update',
    '--resource=greetings.example.com,greetings.example.com/status,greetings.example.com/finalizers,configmaps',
  );
  await k(
    'create',
    'clusterrolebinding',
    'greeter',
    '--clusterrole=greeter',
    '--serviceaccount=default:greeter',
  );
  const operator = await startOperator();
  try {
    await kIn(greeting('world'), 'apply', '-f', '-');
    const text = () => k('get', 'cm', 'greeting-first', '-o', 'jsonpath={.data.text}');
    await eventually(async () => assert.equal(await text(), 'Hello, world!'));
    await k('wait', '--for=jsonpath={.status.ready}=true', 'greeting/first', '--timeout=10s');
    assert.match(await k('get', 'gr', '--no-headers'), /^first +true$/);
    await kIn(greeting('moon'), 'apply', '-f', '-');
    await eventually(async () => assert.equal(await text(), 'Hello, moon!'));
    const tooLong = await write('long.yaml', greeting('x'.repeat(21)));
    assert.match(await refused('apply', '-f', tooLong), /spec\.whom: Too long: may not be more than 20/);
    await k('delete', 'greeting', 'first');
    await eventually(async () => assert.match(await refused('get', 'cm', 'greeting-first'), /not found/));
  } finally {
    await operator.stop();
  }
});
