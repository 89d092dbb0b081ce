import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import { SkeletonStock } from './skeleton-stock.ts';

function newStock(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'kintsugi-stock-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const clock = newSimulatedClock();
  const spare = join(directory, 'spare');
  return {
    clock,
    spare,
    path: (name: string) => join(directory, name),
    stock: new SkeletonStock(spare, clock),
  };
}

test('SkeletonStock takes the same from its spare as it lays out', async (t) => {
  const { clock, path, spare, stock } = newStock(t);
  const first = stock.take(['/', '/dev'], path('first'));
  await clock.advance(1000);
  assert.ok(existsSync(spare));
  const second = stock.take(['/', '/dev'], path('second'));
  assert.ok(!existsSync(spare));
  assert.deepEqual(second, first);
  const contents = (name: string) => new Set(readdirSync(path(name), { recursive: true, encoding: 'utf8' }));
  assert.deepEqual(contents('second'), contents('first'));
  stock.close();
});

test('SkeletonStock does not use a spare that lays out other directories', async (t) => {
  const { clock, path, stock } = newStock(t);
  stock.take(['/'], path('first'));
  await clock.advance(1000);
  const places = stock.take(['/', '/dev'], path('second'));
  assert.ok(places.some(({ target }) => target === 'dev/null'));
  assert.ok(!places.some(({ target }) => target === 'dev'));
  stock.close();
});

test('SkeletonStock does without a spare that cannot be made', async (t) => {
  const { clock, path, stock } = newStock(t);
  assert.throws(() => stock.take(['/absent'], path('first')), { code: 'ENOENT' });
  await clock.advance(1000);
  assert.ok(stock.take(['/'], path('second')).length > 0);
  stock.close();
});
