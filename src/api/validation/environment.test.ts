import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvFromSource, EnvVarSource } from '../generated/core-v1.ts';
import { problemsOfContainer } from './pod-problems.fixture.ts';

const volumes = [
  { name: 'scratch', emptyDir: {} },
  { name: 'config', configMap: { name: 'c' } },
];
const NAME =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";

function problemsOf(valueFrom: EnvVarSource, value?: string): string[] {
  const env = [{ name: 'A', valueFrom, ...(value === undefined ? {} : { value }) }];
  return problemsOfContainer({ env }, { volumes }).map((text) => text.replace('env[0].valueFrom', 'from'));
}

const field = (fieldPath: string, apiVersion = 'v1') => problemsOf({ fieldRef: { fieldPath, apiVersion } });
const resource = (name: string, divisor?: string) =>
  problemsOf({ resourceFieldRef: { resource: name, ...(divisor === undefined ? {} : { divisor }) } });

test('validateEnvironment lets good variables be', () => {
  deepEqual(problemsOf({ secretKeyRef: { name: 's', key: 'a.b' } }), []);
  deepEqual(problemsOf({ fileKeyRef: { volumeName: 'scratch', path: 'a/env', key: 'B' } }), []);
  deepEqual(field("metadata.annotations['Example.com/Key']"), []);
  deepEqual(field('spec.host'), [], 'the old name of spec.nodeName');
  deepEqual(resource('limits.hugepages-2Mi', '1Mi'), []);
  deepEqual(resource('requests.cpu', '1m'), []);
});

test('validateEnvironment wants one source, and no value beside it', () => {
  deepEqual(problemsOf({}), [
    'from: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
  ]);
  const one = { configMapKeyRef: { name: 'c', key: 'k' } };
  const two = { ...one, secretKeyRef: { name: 's', key: 'k' } };
  deepEqual(problemsOf(two), [
    'from: Invalid value: "": may not have more than one field specified at a time',
  ]);
  deepEqual(problemsOf(one, 'x'), [
    'from: Invalid value: "": may not be specified when `value` is not empty',
  ]);
});

test('validateEnvironment knows the fields of a Pod that a variable may take', () => {
  deepEqual(field('metadata.x'), [
    'from.fieldRef.fieldPath: Invalid value: "metadata.x": error converting fieldPath: field label not supported: metadata.x',
  ]);
  deepEqual(field("spec.nodeName['a']"), [
    "from.fieldRef.fieldPath: Invalid value: \"spec.nodeName['a']\": error converting fieldPath: field label does not support subscript: spec.nodeName['a']",
  ]);
  deepEqual(field('metadata.name', 'v2'), [
    'from.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2',
  ]);
  deepEqual(field('metadata.labels'), [
    'from.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
  ]);
  deepEqual(
    field("metadata.labels['a b']").map((text) => text.slice(0, 54)),
    ['from.fieldRef: Invalid value: "a b": name part must con'.slice(0, 54)],
  );
  deepEqual(field(''), ['from.fieldRef.fieldPath: Required value']);
});

test('validateEnvironment knows the resources that a variable may tell of', () => {
  deepEqual(resource(''), ['from.resourceFieldRef.resource: Required value']);
  deepEqual(resource('limits.disk'), [
    'from.resourceFieldRef.resource: Unsupported value: "limits.disk": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
  ]);
  deepEqual(resource('limits.cpu', '1k'), [
    'from.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
  ]);
  deepEqual(resource('limits.memory', '2'), [
    'from.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource',
  ]);
});

test('validateEnvironment judges what keys are taken of what', () => {
  deepEqual(problemsOf({ configMapKeyRef: { name: 'c', key: '' } }), [
    'from.configMapKeyRef.key: Required value',
  ]);
  deepEqual(problemsOf({ secretKeyRef: { name: 's', key: '..a' } }), [
    'from.secretKeyRef.key: Invalid value: "..a": must not start with \'..\'',
  ]);
  deepEqual(problemsOf({ fileKeyRef: { volumeName: 'config', path: '../a', key: 'a=b' } }), [
    `from.fileKeyRef.key: Invalid value: "a=b": ${NAME}`,
    'from.fileKeyRef.path: Invalid value: "../a": must not contain \'..\'',
    'from.fileKeyRef.volumeName: Invalid value: "config": referenced volume must be of type emptyDir',
  ]);
  deepEqual(problemsOf({ fileKeyRef: { volumeName: 'none', path: 'a', key: 'b' } }), [
    'from.fileKeyRef.volumeName: Not found: "none"',
  ]);
});

test('validateEnvFrom wants one ConfigMap or one Secret', () => {
  const from = (source: EnvFromSource) => problemsOfContainer({ envFrom: [source] });
  deepEqual(from({ prefix: 'A-', secretRef: { name: 's' } }), []);
  deepEqual(from({}), ['envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']);
  deepEqual(from({ configMapRef: { name: 'c' }, secretRef: { name: 's' } }), [
    'envFrom: Invalid value: "": may not have more than one field specified at a time',
  ]);
  deepEqual(from({ prefix: 'a=', configMapRef: {} }), [
    `envFrom[0].prefix: Invalid value: "a=": ${NAME}`,
    'envFrom[0].configMapRef.name: Required value',
  ]);
});
