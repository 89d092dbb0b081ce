import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { judgeBackend, PASSED, withAvailability } from './judge-backend.ts';

const API = {
  metadata: { name: 'v1.x.io' },
  spec: { group: 'x.io', version: 'v1', service: { namespace: 'ns', name: 'api', port: 443 } },
} as unknown as APIService;
const SERVICE = {
  spec: { type: 'ClusterIP', ports: [{ name: 'https', port: 443 }] },
} as unknown as Service;

function slice(ready: boolean | undefined, portName: string): EndpointSlice {
  const endpoints = [{ addresses: ['10.0.0.1'], conditions: ready === undefined ? {} : { ready } }];
  return { endpoints, ports: [{ name: portName, port: 8443 }] } as unknown as EndpointSlice;
}

function judged(service: Service | undefined, slices: readonly EndpointSlice[]): string | undefined {
  const verdict = judgeBackend(API, service, slices);
  return verdict && `${verdict.status} ${verdict.reason}: ${verdict.message}`;
}

test('judgeBackend says what is missing, in the order in which one would look for it', () => {
  assert.equal(judged(undefined, []), 'False ServiceNotFound: service/api in "ns" is not present');
  const otherPort = { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } } as unknown as Service;
  assert.equal(
    judged(otherPort, []),
    'False ServicePortError: service/api in "ns" is not listening on port 443',
  );
  assert.equal(
    judged(SERVICE, []),
    'False EndpointsNotFound: cannot find endpointslices for service/api in "ns"',
  );
  const missing =
    'False MissingEndpoints: endpointslices for service/api in "ns" have no addresses with port name "https"';
  assert.equal(judged(SERVICE, [slice(false, 'https')]), missing);
  assert.equal(judged(SERVICE, [slice(true, 'other')]), missing);
});

test('judgeBackend leaves to the check what may work', () => {
  assert.equal(judged(SERVICE, [slice(false, 'https'), slice(undefined, 'https')]), undefined);
  assert.equal(judged({ spec: { type: 'ExternalName' } } as unknown as Service, []), undefined);
});

test('withAvailability keeps the time while the status stays, and other conditions always', () => {
  const other = { type: 'StatusPatched', status: 'True' };
  const first = withAvailability([other], PASSED, 't1');
  assert.deepEqual(first, [other, { type: 'Available', lastTransitionTime: 't1', ...PASSED }]);
  assert.equal(withAvailability(first, PASSED, 't2'), first);
  const failed = { status: 'False', reason: 'MissingEndpoints', message: 'm' };
  const second = withAvailability(first, failed, 't3');
  assert.equal(second[1]!.lastTransitionTime, 't3');
  const third = withAvailability(second, { ...failed, message: 'n' }, 't4');
  assert.deepEqual(third[1], {
    type: 'Available',
    lastTransitionTime: 't3',
    status: 'False',
    reason: 'MissingEndpoints',
    message: 'n',
  });
});
