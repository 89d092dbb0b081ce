import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64 } from '../../base/base64.ts';
import { objectOf, problemsOf, problemsOfUpdate } from './problems.fixture.ts';

const encode = (text: string) => toBase64(new TextEncoder().encode(text));
const secret = (type: string, data: Record<string, string> = {}) =>
  objectOf('v1', 'Secret', { metadata: { namespace: 'a' }, type, data });
const problems = (type: string, data?: Record<string, string>) => problemsOf(secret(type, data));

test('validateSecret asks of each type what it promises', () => {
  assert.deepEqual(problems('example.com/own'), []);
  assert.deepEqual(problems('kubernetes.io/tls', { 'tls.crt': '' }), ['data[tls.key]: Required value']);
  assert.deepEqual(problems('kubernetes.io/ssh-auth', { 'ssh-privatekey': '' }), [
    'data[ssh-privatekey]: Required value',
  ]);
  assert.deepEqual(problems('kubernetes.io/basic-auth', { password: '' }), []);
  assert.deepEqual(problems('kubernetes.io/basic-auth'), [
    'data[username]: Required value',
    'data[password]: Required value',
  ]);
  assert.deepEqual(problems('kubernetes.io/service-account-token'), [
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  ]);
});

test('validateSecret reads the JSON that registries are named in', () => {
  const type = 'kubernetes.io/dockerconfigjson';
  const ofText = (text: string) => problems(type, { '.dockerconfigjson': encode(text) });
  const shown = 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": ';
  assert.deepEqual(problems(type), ['data[.dockerconfigjson]: Required value']);
  assert.deepEqual(problems('kubernetes.io/dockercfg'), ['data[.dockercfg]: Required value']);
  assert.deepEqual(ofText('{"auths":{}}'), []);
  assert.deepEqual(ofText(''), [`${shown}unexpected end of JSON input`]);
  assert.deepEqual(ofText('{"auths":{'), [`${shown}unexpected end of JSON input`]);
  assert.deepEqual(ofText('hello'), [`${shown}invalid character 'h' looking for beginning of value`]);
  assert.deepEqual(ofText('[]'), [
    `${shown}json: cannot unmarshal array into Go value of type map[string]interface {}`,
  ]);
});

test('validateSecret shows nothing of what it could not read', () => {
  const [problem] = problems('kubernetes.io/dockercfg', { '.dockercfg': encode('{"a": hunter2}') });
  assert.doesNotMatch(problem!, /hunter2/);
});

test('validateSecretUpdate keeps the type', () => {
  assert.deepEqual(problemsOfUpdate(secret('b'), secret('a')), [
    'type: Invalid value: "b": field is immutable',
  ]);
});
