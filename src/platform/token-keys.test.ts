import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TokenClaims } from '../apiserver/authn/token-signature.ts';
import { newTokenKeys } from './token-keys.ts';

const CLAIMS = { iss: 'i', sub: 's', aud: ['a'], exp: 2, iat: 1, nbf: 1 } as unknown as TokenClaims;

function newKey(type: 'ec' | 'rsa'): string {
  const pair =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const key = newKey('ec');
const keys = newTokenKeys([key]);

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

test('newTokenKeys verifies what it signed, with EC and RSA keys, again and again', () => {
  for (const type of ['ec', 'rsa'] as const) {
    const own = newTokenKeys([newKey(type)]);
    const token = own.sign(CLAIMS);
    assert.deepEqual(own.verify(token), CLAIMS);
    assert.deepEqual(own.verify(token), CLAIMS);
    assert.equal(decode(token.split('.')[0]!)['alg'], type === 'ec' ? 'ES256' : 'RS256');
  }
});

test('newTokenKeys refuses another key, and accepts an older one that it still holds', () => {
  const older = newKey('ec');
  const token = newTokenKeys([older]).sign(CLAIMS);
  assert.equal(keys.verify(token), undefined);
  assert.deepEqual(newTokenKeys([key, older]).verify(token), CLAIMS);
});

test('newTokenKeys refuses alg none and a public key used as a secret', () => {
  const [head = '', body = '', signature = ''] = keys.sign(CLAIMS).split('.');
  const { kid } = decode(head);
  assert.equal(keys.verify(`${encode({ alg: 'none', kid })}.${body}.`), undefined);
  assert.equal(keys.verify(`${encode({ alg: 'none', kid })}.${body}.${signature}`), undefined);
  const signed = `${encode({ alg: 'HS256', kid })}.${body}`;
  const mac = createHmac('sha256', JSON.stringify(keys.jwks().keys[0])).update(signed).digest('base64url');
  assert.equal(keys.verify(`${signed}.${mac}`), undefined);
});

test('newTokenKeys refuses a token with any character changed', () => {
  const token = keys.sign(CLAIMS);
  fc.assert(
    fc.property(
      fc.nat(token.length - 1),
      fc.constantFrom('A', 'z', '0', '-', '.', '=', ' '),
      (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        fc.pre(changed !== token);
        assert.equal(keys.verify(changed), undefined);
      },
    ),
  );
});

test('newTokenKeys refuses what is no token', () => {
  const [head, body, signature] = keys.sign(CLAIMS).split('.');
  const none = [
    '',
    '.',
    '..',
    'a.b.c',
    `${head}.${body}`,
    `${head}.${body}.`,
    `${head}.${body}.${signature}.x`,
  ];
  for (const text of [
    ...none,
    `null.${body}.${signature}`,
    'x'.repeat(1_000_000),
    `${head}.${body}.${signature}=`,
  ]) {
    assert.equal(keys.verify(text), undefined, text.slice(0, 50));
  }
});

test('newTokenKeys publishes public halves only', () => {
  const [published] = keys.jwks().keys as Record<string, unknown>[];
  assert.equal(published?.['kty'], 'EC');
  assert.equal(published?.['d'], undefined);
  assert.deepEqual(keys.algorithms(), ['ES256']);
});
