import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import { AggregationMetrics } from './aggregation-metrics.ts';
import type { ApiServiceListener, ApiServiceView } from './api-service-view.ts';

function service(status: string, reason: string): APIService {
  const conditions = [{ type: 'Available', status, reason }];
  return { metadata: { name: 'v1.x.io' }, spec: {}, status: { conditions } } as unknown as APIService;
}

/** A view of one APIService, which `put` replaces. */
function newView(first: APIService) {
  let current: APIService | undefined = first;
  let tell: ApiServiceListener = () => {};
  const view = {
    get all() {
      return current === undefined ? [] : [current];
    },
    onChange: (listener: ApiServiceListener) => {
      tell = listener;
    },
  } as unknown as ApiServiceView;
  const put = (next: APIService | undefined) => {
    current = next;
    tell('v1.x.io', next);
  };
  return { metrics: new AggregationMetrics(view), put };
}

function samples({ metrics }: ReturnType<typeof newView>): string[] {
  return metrics
    .text()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

test('AggregationMetrics tells what is not available, and how often it was lost', () => {
  const world = newView(service('True', 'Passed'));
  assert.deepEqual(samples(world), ['aggregator_unavailable_apiservice{name="v1.x.io"} 0']);
  for (let round = 0; round < 2; round++) {
    world.put(service('False', 'MissingEndpoints'));
    world.put(service('False', 'FailedDiscoveryCheck'));
    world.put(service('True', 'Passed'));
  }
  world.put(service('False', 'a"b\n'));
  assert.deepEqual(samples(world), [
    'aggregator_unavailable_apiservice{name="v1.x.io"} 1',
    'aggregator_unavailable_apiservice_total{name="v1.x.io",reason="MissingEndpoints"} 2',
    'aggregator_unavailable_apiservice_total{name="v1.x.io",reason="a_b_"} 1',
  ]);
});

test('AggregationMetrics keeps nothing of what is gone', () => {
  const world = newView(service('True', 'Passed'));
  world.put(service('False', 'MissingEndpoints'));
  world.put(undefined);
  assert.deepEqual(samples(world), []);
});
