/** The disk fills up under a server: writes are refused and nothing else, and when space is back so are the writes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_MAPS } from '../../src/api/resources.ts';
import { hasReason, StatusError } from '../../src/base/status-error.ts';
import type { ApiClient } from '../../src/client/api-client.ts';
import { newServerClient } from '../tools/server-client.ts';
import { startServer } from '../tools/server-process.ts';
import { mountSmallDisk, smallDiskSkip } from '../tools/small-disk.ts';

const { signal } = new AbortController();
const VALUE = 'x'.repeat(20_000);
const ATTEMPTS_MAX = 5_000;

test('server on a full disk answers writes with 503, goes on reading, and recovers by itself', {
  skip: smallDiskSkip,
}, async (t) => {
  const disk = await mountSmallDisk(t, 48 << 20);
  const server = await startServer({ dataDir: join(disk.path, 'data') });
  t.after(async () => void (await server.kill()));
  const { client, close } = newServerClient(server);
  t.after(async () => close());

  const acknowledged: string[] = [];
  await disk.fill(2 << 20);
  const refusal = await writeUntilRefused(client, acknowledged);
  assert.equal(refusal.reason, 'ServiceUnavailable');
  assert.match(refusal.message, /^the store cannot write: .*full/);
  assert.ok(acknowledged.length > 0);

  assert.deepEqual(await storedNames(client), acknowledged.toSorted());
  await assert.rejects(write(client, 'refused'), (error) => hasReason(error, 'ServiceUnavailable'));

  await disk.empty();
  for (let i = 0; i < 20; i++) {
    await write(client, `after-${i}`);
    acknowledged.push(`after-${i}`);
  }
  assert.deepEqual(await storedNames(client), acknowledged.toSorted());
  close();
  await server.kill();

  const again = await startServer({ dataDir: join(disk.path, 'data') });
  t.after(async () => void (await again.kill()));
  const reader = newServerClient(again);
  assert.deepEqual(await storedNames(reader.client), acknowledged.toSorted());
  reader.close();
  await again.stop();
});

async function writeUntilRefused(client: ApiClient, acknowledged: string[]): Promise<StatusError> {
  for (let i = 0; i < ATTEMPTS_MAX; i++) {
    try {
      await write(client, `before-${i}`);
      acknowledged.push(`before-${i}`);
    } catch (error) {
      assert.ok(error instanceof StatusError, String(error));
      return error;
    }
  }
  return assert.fail('the disk never became full');
}

async function write(client: ApiClient, name: string): Promise<void> {
  const metadata = { name, namespace: 'default' };
  await client.create(
    CONFIG_MAPS,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: VALUE } },
    signal,
  );
}

async function storedNames(client: ApiClient): Promise<string[]> {
  const { items } = await client.list(CONFIG_MAPS, { namespace: 'default' }, signal);
  const names = items.map(({ metadata }) => metadata.name);
  return names.filter((name) => /^(before|after|refused)/.test(name)).sort();
}
