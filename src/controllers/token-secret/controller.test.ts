import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret, ServiceAccount } from '../../api/generated/core-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { SECRETS, SERVICE_ACCOUNTS } from '../../api/resources.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import type { ControllerContext } from '../framework/controller.ts';
import { newTokenSecretController } from './controller.ts';
import { reconcileTokenSecret } from './reconcile.ts';

const never = new AbortController().signal;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const WANTED = { 'ca.crt': base64('PEM'), namespace: base64('default') };
const metadata = (name: string) => ({ name, namespace: 'default' });
const account = (): NewObject<ServiceAccount> => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: metadata('robot'),
});
const secret = (): NewObject<Secret> => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { ...metadata('key'), annotations: { 'kubernetes.io/service-account.name': 'robot' } },
  type: 'kubernetes.io/service-account-token',
});

/** The in-memory API issues no tokens. */
function newCluster() {
  const asked: unknown[] = [];
  const createSubresource: ApiClient['createSubresource'] = async (_resource, target, { name, body }) => {
    asked.push([target.name, name, (body as { spec: unknown }).spec]);
    return { status: { token: `token-${asked.length}` } };
  };
  const create = (context: ControllerContext) => {
    const client = new Proxy(context.client, {
      get: (own, key: keyof ApiClient) =>
        key === 'createSubresource' ? createSubresource : own[key].bind(own as never),
    });
    return newTokenSecretController({ ...context, client }, 'PEM');
  };
  return { bench: newControllerBench({ seed: 1, controllers: [create] }), asked };
}

test('reconcileTokenSecret fills what is missing, and keeps a token', () => {
  const robot = { ...account(), metadata: { ...metadata('robot'), uid: 'u' } } as ServiceAccount;
  const empty = { ...secret(), metadata: { ...secret().metadata, uid: 's' } } as Secret;
  const plan = reconcileTokenSecret(empty, robot, WANTED);
  equal(plan.kind === 'fill' && plan.needsToken, true);
  const filled = plan.kind === 'fill' ? { ...plan.secret, data: { ...plan.secret.data, token: 'x' } } : empty;
  deepEqual(reconcileTokenSecret(filled, robot, WANTED), { kind: 'none' });
  const renewed = reconcileTokenSecret(filled, robot, { ...WANTED, 'ca.crt': 'other' });
  equal(renewed.kind === 'fill' && renewed.needsToken, false);
  equal(renewed.kind === 'fill' && renewed.secret.data?.['token'], 'x');
  const other = { ...robot, metadata: { ...robot.metadata, uid: 'another' } };
  deepEqual(reconcileTokenSecret(filled, other, WANTED), { kind: 'delete' });
  deepEqual(reconcileTokenSecret(filled, undefined, WANTED), { kind: 'delete' });
  const going = { ...filled, metadata: { ...filled.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  deepEqual(reconcileTokenSecret(going, undefined, WANTED), { kind: 'none' });
});

test('newTokenSecretController gives the Secret of an account a token bound to it, once', async () => {
  const { bench, asked } = newCluster();
  const { client, clock, api } = bench;
  const { uid } = (await client.create<ServiceAccount>(SERVICE_ACCOUNTS, account(), never)).metadata;
  const made = await client.create<Secret>(SECRETS, secret(), never);
  await clock.advance(5000);
  const filled = api.objects<Secret>(SECRETS)[0]!;
  deepEqual(filled.data, { ...WANTED, token: base64('token-1') });
  equal(filled.metadata.annotations?.['kubernetes.io/service-account.uid'], uid);
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: 'key', uid: made.metadata.uid };
  deepEqual(asked, [['robot', 'token', { audiences: [], expirationSeconds: 2 ** 32, boundObjectRef }]]);
  await client.delete(SERVICE_ACCOUNTS, metadata('robot'), {}, never);
  await clock.advance(5000);
  deepEqual(api.objects(SECRETS), []);
  await bench.end();
});
