import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../api/generated/core-v1.ts';
import { SECRETS } from '../../api/resources.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import { newTokenCleaner } from './controller.ts';
import { expiryMs } from './expiry.ts';

function token(name: string, expiration: string | undefined, extra: Partial<Secret> = {}): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: 'kube-system',
      uid: name,
      resourceVersion: '',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    type: 'bootstrap.kubernetes.io/token',
    ...(expiration === undefined ? {} : { data: { expiration: btoa(expiration) } }),
    ...extra,
  };
}

test('expiryMs reads the date, takes what it cannot read for past and what is not there for never', () => {
  equal(expiryMs(token('a', '2026-01-01T01:00:00Z')), Date.parse('2026-01-01T01:00:00Z'));
  equal(expiryMs(token('a', 'soon')), Number.NEGATIVE_INFINITY);
  equal(expiryMs(token('a', undefined)), Number.POSITIVE_INFINITY);
});

test('newTokenCleaner deletes a token when it expires, and nothing else', async () => {
  const bench = newControllerBench({ seed: 1, controllers: [newTokenCleaner] });
  const names = () => bench.api.objects(SECRETS).map(({ metadata }) => metadata.name);
  bench.api.put(SECRETS, token('hour', '2026-01-01T01:00:00Z'));
  bench.api.put(SECRETS, token('past', '2025-12-31T00:00:00Z'));
  bench.api.put(SECRETS, token('ever', undefined));
  bench.api.put(SECRETS, token('other', '2025-12-31T00:00:00Z', { type: 'Opaque' }));
  await bench.clock.advance(1_000);
  deepEqual(names().sort(), ['ever', 'hour', 'other']);
  await bench.clock.advance(3_590_000);
  deepEqual(names().sort(), ['ever', 'hour', 'other']);
  await bench.clock.advance(10_000);
  deepEqual(names().sort(), ['ever', 'other']);
  await bench.end();
});
