import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../api/generated/core-v1.ts';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import { newBootstrapTokens } from './bootstrap-tokens.ts';

const TOKEN = 'abcdef.0123456789abcdef';

function newWorld(data: Record<string, string> = {}, secret: Partial<Secret> = {}) {
  const clock = newSimulatedClock();
  const all = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    ...data,
  };
  const stored = {
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    data: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, btoa(value)])),
    ...secret,
  } as Secret;
  const find = (namespace: string, name: string) =>
    namespace === 'kube-system' && name === 'bootstrap-token-abcdef' ? stored : undefined;
  return { clock, tokens: newBootstrapTokens(clock, find, ['api']) };
}

test('newBootstrapTokens knows the bearer by the token’s id and his groups by the Secret', () => {
  assert.deepEqual(newWorld().tokens.check(TOKEN), {
    user: { username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:authenticated'] },
    audiences: ['api'],
  });
  const { tokens } = newWorld({
    'auth-extra-groups': 'system:bootstrappers:workers, system:bootstrappers:a:b',
  });
  assert.deepEqual(tokens.check(TOKEN)?.user.groups, [
    'system:bootstrappers',
    'system:bootstrappers:a:b',
    'system:bootstrappers:workers',
    'system:authenticated',
  ]);
});

test('newBootstrapTokens refuses what is wrong in any part', () => {
  for (const token of [
    'abcdef.0123456789abcdeg',
    'abcdeg.0123456789abcdef',
    'abcdef.',
    `${TOKEN}x`,
    TOKEN.toUpperCase(),
    `${TOKEN}\n`,
  ])
    assert.equal(newWorld().tokens.check(token), undefined, token);
  const worthless: Record<string, string>[] = [
    { 'token-id': 'abcdeg' },
    { 'token-secret': '' },
    { 'usage-bootstrap-authentication': 'false' },
    { 'auth-extra-groups': 'system:masters' },
    { 'auth-extra-groups': 'system:bootstrappers:ok,system:bootstrappers:not ok' },
    { expiration: 'someday' },
  ];
  for (const data of worthless)
    assert.equal(newWorld(data).tokens.check(TOKEN), undefined, JSON.stringify(data));
  assert.equal(newWorld({}, { type: 'Opaque' }).tokens.check(TOKEN), undefined);
  const metadata = { name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' } as Secret['metadata'];
  assert.equal(newWorld({}, { metadata }).tokens.check(TOKEN), undefined);
});

test('newBootstrapTokens refuses a token from its expiration on', async () => {
  const { clock, tokens } = newWorld({ expiration: '2026-01-01T01:00:00Z' });
  assert.ok(tokens.check(TOKEN));
  await clock.advance(3_600_000);
  assert.equal(tokens.check(TOKEN), undefined);
});

test('newBootstrapTokens are for the API server only', () => {
  const { tokens } = newWorld();
  assert.deepEqual(tokens.check(TOKEN, ['other', 'api'])?.audiences, ['api']);
  assert.equal(tokens.check(TOKEN, ['other']), undefined);
});
