import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../simulation/sim-api-server.ts';

const URL = '/apis/apps/v1/namespaces/default/deployments';
const LONG = '9007199254740993';
const SPEC = (seconds: string) => `"spec": {
  "selector": { "matchLabels": { "a": "a" } },
  "template": {
    "metadata": { "labels": { "a": "a" } },
    "spec": { "terminationGracePeriodSeconds": ${seconds}, "containers": [{ "name": "a", "image": "a" }] }
  }
}`;
const DEPLOYMENT = (seconds: string, name = 'a') =>
  `{ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "${name}" }, ${SPEC(seconds)} }`;

type Write = [method: 'POST' | 'PUT' | 'PATCH', path: string, body: string, type: string];
const WRITES: readonly Write[] = [
  ['POST', '', DEPLOYMENT(LONG), 'application/json'],
  ['POST', '', DEPLOYMENT('+9_007_199_254_740_993').replace('{', '{ # YAML\n'), 'application/yaml'],
  ['PUT', '/a', DEPLOYMENT(LONG), 'application/json'],
  ['PATCH', '/a', `{ ${SPEC(LONG)} }`, 'application/merge-patch+json'],
  ['PATCH', '/a', `{ ${SPEC(LONG)} }`, 'application/strategic-merge-patch+json'],
  [
    'PATCH',
    '/a',
    `[{ "op": "add", "path": "/spec/template/spec/terminationGracePeriodSeconds", "value": ${LONG} }]`,
    'application/json-patch+json',
  ],
  ['PATCH', '/new', DEPLOYMENT(LONG, 'new'), 'application/apply-patch+yaml'],
];

for (const [method, path, body, type] of WRITES) {
  test(`a ${method} as ${type} rounds no integer without saying so, and under Strict none at all`, async () => {
    const { call } = await newSimulatedApiServer();
    if (method !== 'POST') await call('POST', URL, DEPLOYMENT('60'));
    const write = (options: string) =>
      call(method, `${URL}${path}?fieldManager=m&${options}`, body, { 'content-type': type });
    const { status, value } = await write('fieldValidation=Strict');
    const said = 'integer 9007199254740993 is rounded to 9007199254740992';
    assert.deepEqual([status, value.message], [400, `strict decoding error: ${said}`]);
    for (const validation of ['Warn', 'Ignore']) {
      const answer = await write(`fieldValidation=${validation}&dryRun=All`);
      assert.ok(answer.status < 300, JSON.stringify(answer.value));
      assert.equal(answer.headers['warning'], `299 - "${said}"`);
    }
  });
}
