import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIService, APIServiceSpec } from '../generated/apiregistration-v1.ts';
import { validateApiService, validateApiServiceStatus } from './api-service.ts';

const SPEC: APIServiceSpec = {
  group: 'wardle.example.com',
  version: 'v1alpha1',
  groupPriorityMinimum: 2000,
  versionPriority: 200,
};

function problems(spec: Partial<APIServiceSpec>, name = 'v1alpha1.wardle.example.com'): string[] {
  const errors = validateApiService({ metadata: { name }, spec: { ...SPEC, ...spec } });
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

test('validateApiService asks for the name of the group version', () => {
  assert.deepEqual(problems({}), []);
  assert.deepEqual(problems({}, 'wardle'), [
    'metadata.name: Invalid value: "wardle": must be `spec.version+"."+spec.group`: "v1alpha1.wardle.example.com"',
  ]);
});

test('validateApiService knows one group version without a group', () => {
  assert.deepEqual(problems({ group: '', version: 'v1' }, 'v1.'), []);
  assert.deepEqual(problems({ group: '', version: 'v2' }, 'v2.'), [
    'spec.group: Required value: only v1 may have an empty group and it better be legacy kube',
  ]);
  assert.match(problems({ group: 'A_b' }, 'v1alpha1.A_b')[0]!, /^spec\.group: .* RFC 1123 subdomain/);
  assert.match(problems({ version: '1' }, '1.wardle.example.com')[0]!, /^spec\.version: .* DNS-1035 label/);
});

test('validateApiService bounds priorities', () => {
  const group = (value: number) =>
    `spec.groupPriorityMinimum: Invalid value: ${value}: must be positive and less than 20000`;
  const version = (value: number) =>
    `spec.versionPriority: Invalid value: ${value}: must be positive and less than 1000`;
  assert.deepEqual(problems({ groupPriorityMinimum: 20_000, versionPriority: 1000 }), []);
  assert.deepEqual(problems({ groupPriorityMinimum: 0, versionPriority: -1 }), [group(0), version(-1)]);
  assert.deepEqual(problems({ groupPriorityMinimum: 20_001, versionPriority: 1001 }), [
    group(20_001),
    version(1001),
  ]);
});

test('validateApiService trusts a Service in one way, and nothing without a Service', () => {
  const service = { namespace: 'wardle', name: 'api', port: 443 };
  assert.deepEqual(problems({ service, caBundle: 'YWJj' }), []);
  assert.deepEqual(problems({ service, caBundle: 'YWJj', insecureSkipTLSVerify: true }), [
    'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
  ]);
  assert.deepEqual(problems({ caBundle: 'YWJj', insecureSkipTLSVerify: true }), [
    'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
    'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
  ]);
  assert.deepEqual(problems({ service: { port: 70_000 } }), [
    'spec.service.namespace: Required value',
    'spec.service.name: Required value',
    'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
  ]);
});

test('validateApiServiceStatus knows three states', () => {
  const conditions = [
    { type: 'Available', status: 'True' },
    { type: 'X', status: 'yes' },
  ];
  const errors = validateApiServiceStatus({ status: { conditions } } as APIService);
  assert.deepEqual(
    errors.map(({ field, message }) => `${field}: ${message}`),
    ['status.conditions[1].status: Unsupported value: "yes": supported values: "False", "True", "Unknown"'],
  );
});
