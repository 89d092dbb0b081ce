import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '../../api/generated/core-v1.ts';
import { CONFIG_MAPS } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import { DoubtedOwners } from './doubted-owners.ts';

const { signal } = new AbortController();

function version(resourceVersion: string, uid = 'u'): ConfigMap {
  const metadata = { name: 'a', namespace: 'default', uid, resourceVersion, creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

function newDoubted(live: () => ConfigMap) {
  const asked: string[] = [];
  const get = async (_: unknown, { name }: { name: string }) => {
    asked.push(name);
    return live() as never;
  };
  return { asked, owners: new DoubtedOwners<ConfigMap>({ get }, CONFIG_MAPS) };
}

async function conflict(owners: DoubtedOwners<ConfigMap>): Promise<void> {
  const failing = Promise.reject(new StatusError('Conflict', 'newer'));
  await rejects(owners.watchOver('default/a', failing), { reason: 'Conflict' });
}

test('DoubtedOwners asks nothing of an object whose writes meet no Conflict', async () => {
  const { asked, owners } = newDoubted(() => version('2'));
  await owners.watchOver('default/a', Promise.resolve());
  await rejects(owners.watchOver('default/a', Promise.reject(new StatusError('NotFound', ''))));
  equal(await owners.isThere(version('1'), signal), true);
  deepEqual(asked, []);
});

test('DoubtedOwners asks once after a Conflict, of one that is there', async () => {
  const { asked, owners } = newDoubted(() => version('2'));
  await conflict(owners);
  equal(await owners.isThere(version('1'), signal), true);
  equal(await owners.isThere(version('1'), signal), true);
  deepEqual(asked, ['a']);
});

test('DoubtedOwners says so while the object is gone or another, until the cache shows that', async () => {
  let isThere = true;
  const { asked, owners } = newDoubted(() => {
    if (isThere) return version('2', 'another');
    throw new StatusError('NotFound', 'gone');
  });
  await conflict(owners);
  equal(await owners.isThere(version('1'), signal), false);
  isThere = false;
  equal(await owners.isThere(version('1'), signal), false);
  equal(asked.length, 2);
  owners.forget('default/a');
  equal(await owners.isThere(version('2', 'another'), signal), true);
});
