import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newRequestPem, toRequestPem } from '../../platform/certificate-request.fixture.ts';
import { parseCertificateRequest } from './certificate-request.ts';

test('parseCertificateRequest reads who is asked for, by all names', () => {
  const { pem } = newRequestPem({
    commonName: 'system:node:ü',
    organizations: ['system:nodes', 'b'],
    dnsNames: ['a.example', '*.b'],
    ipAddresses: [Uint8Array.of(10, 0, 0, 1)],
    emailAddresses: ['a@b'],
    uris: ['spiffe://x'],
  });
  const { subject, names } = parseCertificateRequest(`some text before\n${pem}`);
  assert.equal(subject.commonName, 'system:node:ü');
  assert.deepEqual(subject.organizations, ['system:nodes', 'b']);
  assert.deepEqual(names.dnsNames, ['a.example', '*.b']);
  assert.deepEqual(
    names.ipAddresses.map((ip) => [...ip]),
    [[10, 0, 0, 1]],
  );
  assert.deepEqual([names.emailAddresses, names.uris], [['a@b'], ['spiffe://x']]);
  const plain = parseCertificateRequest(newRequestPem({}).pem);
  assert.deepEqual([plain.subject.commonName, plain.names.encoded], ['', undefined]);
});

test('parseCertificateRequest refuses what is none', () => {
  const { der } = newRequestPem({ commonName: 'a' });
  const wrong: [string, RegExp][] = [
    ['', /PEM block type must be CERTIFICATE REQUEST/],
    [
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      /PEM block type must be CERTIFICATE REQUEST/,
    ],
    [toRequestPem(der.subarray(0, -1)), /data truncated/],
    [toRequestPem(Buffer.concat([der, Buffer.of(0)])), /trailing data/],
    [toRequestPem(Buffer.of(0x30, 0x80, 0, 0)), /bad length/],
    [toRequestPem(Buffer.of(0x30, 0x81, 0x01, 0)), /non-minimal length/],
    [toRequestPem(Buffer.of(0x31, 0)), /tag 49 instead of 48/],
  ];
  for (const [pem, message] of wrong)
    assert.throws(() => parseCertificateRequest(pem), { name: 'DerError', message }, pem);
  const control = newRequestPem({ dnsNames: ['a\nb'] }).pem;
  assert.throws(() => parseCertificateRequest(control), /SAN field is malformed/);
  const address = newRequestPem({ ipAddresses: [Uint8Array.of(1, 2, 3)] }).pem;
  assert.throws(() => parseCertificateRequest(address), /cannot parse IP address of length 3/);
});

test('parseCertificateRequest reads a name in whatever string it comes, and refuses strings that others may read otherwise', () => {
  const organizationIn = (tag: number, contents: Uint8Array) => {
    const encodedOrganization = Uint8Array.of(tag, contents.length, ...contents);
    return parseCertificateRequest(newRequestPem({ encodedOrganization }).pem).subject.organizations;
  };
  const masters = Buffer.from('system:masters');
  for (const tag of [0x0c, 0x13, 0x14, 0x16])
    assert.deepEqual(organizationIn(tag, masters), ['system:masters']);
  const wide = Buffer.from('system:masters', 'utf16le').swap16();
  assert.deepEqual(organizationIn(0x1e, wide), ['system:masters']);
  assert.throws(() => organizationIn(0x1e, wide.subarray(1)), /invalid BMPString/);
  for (const tag of [0x04, 0x12, 0x1a, 0x1b, 0x1c])
    assert.throws(() => organizationIn(tag, masters), { name: 'DerError' });
  assert.throws(() => organizationIn(0x0c, Uint8Array.of(0xff)), /invalid UTF-8 string/);
});

test('parseCertificateRequest never fails but with a DerError, whatever bytes it gets', () => {
  const { der } = newRequestPem({ commonName: 'a', organizations: ['b'], dnsNames: ['c'], uris: ['d:e'] });
  const attempt = (bytes: Uint8Array) => {
    try {
      parseCertificateRequest(toRequestPem(bytes));
    } catch (error) {
      assert.equal((error as Error).name, 'DerError', String(error));
    }
  };
  const change = fc.record({ at: fc.nat(der.length - 1), to: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(der.length), (changes, length) => {
      const bytes = Uint8Array.from(der);
      for (const { at, to } of changes) bytes[at] = to;
      attempt(bytes);
      attempt(bytes.subarray(0, length));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: 500 });
  attempt(Uint8Array.from(Array.from({ length: 30_000 }, () => 0x30)));
});
