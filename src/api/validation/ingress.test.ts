import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems, statusProblems, updateProblems } from './judged.fixture.ts';

const N = 'networking.k8s.io/v1';
const BACKEND = { service: { name: 'web', port: { number: 80 } } };
const ingress = (spec: object, metadata: object = {}) => objectOf(N, 'Ingress', { spec }, metadata);
const withPath = (path: object, host?: string) =>
  ingress({ rules: [{ ...(host && { host }), http: { paths: [{ backend: BACKEND, ...path }] } }] });
const path = 'spec.rules[0].http.paths[0]';

test('validateIngress takes rules, a default, wildcards and resources', () => {
  const resource = { apiGroup: 'example.com', kind: 'Bucket', name: 'a' };
  const named = { service: { name: '1st', port: { name: 'http' } } };
  assert.deepEqual(problems(ingress({ defaultBackend: { resource }, ingressClassName: 'a' })), []);
  assert.deepEqual(problems(withPath({ path: '/a', pathType: 'Prefix' }, '*.example.com')), []);
  assert.deepEqual(problems(withPath({ pathType: 'ImplementationSpecific', backend: named })), []);
});

test('validateIngress refuses paths that are none', () => {
  assert.deepEqual(problems(ingress({})), [
    'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
  ]);
  assert.deepEqual(problems(withPath({ path: 'a//b/..', pathType: 'Exact' })), [
    `${path}.path: Invalid value: "a//b/..": must be an absolute path`,
    `${path}.path: Invalid value: "a//b/..": must not contain '//'`,
    `${path}.path: Invalid value: "a//b/..": cannot end with '/..'`,
  ]);
  assert.deepEqual(problems(withPath({ path: '/', pathType: 'Regex' })), [
    `${path}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
  ]);
  assert.deepEqual(problems(withPath({ path: '/' })), [
    `${path}.pathType: Required value: pathType must be specified`,
  ]);
});

test('validateIngress refuses backends that say too little or too much', () => {
  const said = (defaultBackend: object) => problems(ingress({ defaultBackend }));
  const at = 'spec.defaultBackend';
  assert.deepEqual(said({}), [`${at}: Invalid value: "": resource or service backend is required`]);
  assert.deepEqual(said({ service: { name: 'a' } }), [
    `${at}: Required value: port name or number is required`,
  ]);
  assert.deepEqual(said({ service: { name: 'a', port: { name: 'b', number: 1 } } }), [
    `${at}: Invalid value: "": cannot set both port name & port number`,
  ]);
  assert.deepEqual(said({ service: { name: '', port: { number: 70_000 } } }), [
    `${at}.service.name: Required value`,
    `${at}.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive`,
  ]);
});

test('validateIngress refuses hosts that are none, and two names of the class', () => {
  assert.ok(
    problems(withPath({ path: '/', pathType: 'Exact' }, '192.0.2.1')).includes(
      'spec.rules[0].host: Invalid value: "192.0.2.1": must be a DNS name, not an IP address',
    ),
  );
  assert.match(
    problems(withPath({ path: '/', pathType: 'Exact' }, '*'))[0]!,
    /^spec\.rules\[0\]\.host: Invalid value: "\*": a wildcard DNS-1123 subdomain must start with '\*\.'/,
  );
  const annotations = { 'kubernetes.io/ingress.class': 'b' };
  const twice = ingress({ defaultBackend: BACKEND, ingressClassName: 'a' }, { annotations });
  assert.deepEqual(problems(twice), [
    'annotations.kubernetes.io/ingress.class: Invalid value: "b": must match `ingressClassName` when both are specified',
  ]);
  assert.deepEqual(updateProblems(twice, twice), []);
});

test('validateIngressUpdate lets be what was stored when less was looked at', () => {
  const spec = { defaultBackend: BACKEND, tls: [{ secretName: 'A' }] };
  assert.match(problems(ingress(spec))[0]!, /^spec\.tls\[0\]\.secretName: Invalid value: "A"/);
  assert.deepEqual(updateProblems(ingress(spec), ingress(spec)), []);
  assert.equal(updateProblems(ingress(spec), ingress({ defaultBackend: BACKEND })).length, 1);
  const wildcard = withPath({ path: 'a', pathType: 'Exact' }, '*.example.com');
  assert.deepEqual(updateProblems(wildcard, wildcard), []);
});

test('validateIngressStatus looks at addresses and names', () => {
  const status = { loadBalancer: { ingress: [{ ip: 'x' }] } };
  assert.deepEqual(statusProblems(ingress({ defaultBackend: BACKEND }), status), [
    'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]);
});

test('validateIngressClass wants a controller, and parameters of one scope', () => {
  const ingressClass = (spec: object) => objectOf(N, 'IngressClass', { spec }, { namespace: '' });
  const reference = { kind: 'A', name: 'a' };
  assert.deepEqual(problems(ingressClass({ controller: 'a.io/b', parameters: reference })), []);
  assert.deepEqual(
    problems(ingressClass({ controller: 'a.io', parameters: { ...reference, scope: 'Namespace' } })),
    [
      'spec.controller: Invalid value: "a.io": must be a domain-prefixed path (such as "acme.io/foo")',
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
  );
  assert.deepEqual(
    problems(ingressClass({ controller: 'a.io/b', parameters: { ...reference, namespace: 'a' } })),
    ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
  );
  assert.deepEqual(
    updateProblems(ingressClass({ controller: 'a.io/c' }), ingressClass({ controller: 'a.io/b' })),
    ['spec.controller: Invalid value: "a.io/c": field is immutable'],
  );
});
