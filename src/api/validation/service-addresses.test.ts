import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IPAddress, ServiceCIDR } from '../generated/networking-v1.ts';
import { validateCreate, validateUpdate } from './validate.ts';

const COMMON = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

function cidr(...cidrs: string[]): ServiceCIDR {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'x', ...COMMON },
    spec: { cidrs },
  };
}

function address(name: string, parentRef: object = { resource: 'services', name: 'a' }): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name, ...COMMON },
    spec: { parentRef } as IPAddress['spec'],
  };
}

function texts(errors: ReturnType<typeof validateCreate>): string[] {
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

test('validateServiceCidr takes ranges in the one form that they have, at most one of each family', () => {
  for (const good of [['10.0.0.0/8'], ['1.1.1.1/32'], ['0.0.0.0/0'], ['2001:db8::/64', '10.9.8.0/24']])
    assert.deepEqual(texts(validateCreate(cidr(...good))), [], good.join());
  const none = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  const bad: [string, string][] = [
    ['10.9.8.7', none],
    ['10.9.8.0/33', none],
    ['10.9.8.0/-1', none],
    ['nonsense/8', none],
    ['::ffff:10.0.0.0/200', none],
    ['10.9.8.1/24', 'must not have bits set beyond the prefix length'],
    ['010.9.8.0/24', 'must not have leading 0s in IP or prefix length'],
    ['10.9.8.0/024', 'must not have leading 0s in IP or prefix length'],
    ['::ffff:10.9.8.0/120', 'must not have an IPv4-mapped IPv6 address'],
    ['2001:DB8::/64', 'must be in canonical form ("2001:db8::/64")'],
  ];
  for (const [text, why] of bad)
    assert.deepEqual(texts(validateCreate(cidr(text))), [`spec.cidrs[0]: Invalid value: "${text}": ${why}`]);
  assert.deepEqual(texts(validateCreate(cidr())), ['spec.cidrs: Required value: at least one CIDR required']);
  assert.deepEqual(texts(validateCreate(cidr('10.0.0.0/8', '11.0.0.0/8'))), [
    'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/8","11.0.0.0/8"]}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
  ]);
  assert.match(texts(validateCreate(cidr('a', 'b', 'c')))[0]!, /may only hold up to 2 values$/);
});

test('validateServiceCidrUpdate lets the other family be added, and no more', () => {
  const old = cidr('10.0.0.0/8');
  assert.deepEqual(texts(validateUpdate(cidr('10.0.0.0/8', 'fd00::/64'), old)), []);
  assert.match(texts(validateUpdate(cidr('10.0.0.0/8', '11.0.0.0/8'), old))[0]!, /for each IP family/);
  assert.deepEqual(texts(validateUpdate(cidr('10.0.0.0/9'), old)), [
    'spec.cidrs[0]: Invalid value: "10.0.0.0/9": field is immutable',
  ]);
  assert.deepEqual(texts(validateUpdate(old, cidr('10.0.0.0/8', 'fd00::/64'))), [
    'spec.cidrs: Invalid value: ["10.0.0.0/8"]: field is immutable',
  ]);
});

test('validateIpAddress takes a canonical address for a name, and asks whose it is', () => {
  for (const good of ['10.9.8.7', '2001:db8::1', '255.255.255.255'])
    assert.deepEqual(texts(validateCreate(address(good))), [], good);
  const bad: [string, string][] = [
    ['web', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ['fe80::1%eth0', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ['010.9.8.7', 'must not have leading 0s'],
    ['::ffff:10.9.8.7', 'must not be an IPv4-mapped IPv6 address'],
    ['2001:DB8::0:1', 'must be in canonical form ("2001:db8::1")'],
  ];
  for (const [name, why] of bad)
    assert.deepEqual(texts(validateCreate(address(name))), [
      `metadata.name: Invalid value: "${name}": ${why}`,
    ]);
  assert.deepEqual(texts(validateCreate(address('10.9.8.7', { group: 'A', name: 'a/b', namespace: '..' }))), [
    `spec.parentRef.group: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    'spec.parentRef.resource: Required value',
    `spec.parentRef.name: Invalid value: "a/b": may not contain '/'`,
    `spec.parentRef.namespace: Invalid value: "..": may not be '..'`,
  ]);
});

test('validateIpAddressUpdate keeps whose the address is', () => {
  const [other] = texts(
    validateUpdate(address('10.9.8.7', { resource: 'services', name: 'b' }), address('10.9.8.7')),
  );
  assert.equal(
    other,
    'spec.parentRef: Invalid value: {"resource":"services","name":"b"}: field is immutable',
  );
});
