import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service, ServiceSpec } from '../../api/generated/core-v1.ts';
import { carryOverAllocations } from './service-needs.ts';

const service = (spec: ServiceSpec): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: structuredClone(spec),
});

const ADDRESS = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] };

function after(sent: ServiceSpec, stored: ServiceSpec): ServiceSpec {
  const now = service(sent);
  carryOverAllocations(now, service(stored));
  return now.spec;
}

test('carryOverAllocations fills in the address that a manifest leaves out, also none', () => {
  assert.deepEqual(after({ type: 'ClusterIP' }, { type: 'ClusterIP', ...ADDRESS }), {
    type: 'ClusterIP',
    ...ADDRESS,
  });
  const headless = { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'] };
  assert.deepEqual(after({ type: 'ClusterIP' }, headless), headless);
});

test('carryOverAllocations makes the list of addresses follow the one that a patch changed', () => {
  const patched = { ...ADDRESS, clusterIP: '10.96.0.8' };
  assert.deepEqual(after(patched, ADDRESS), { clusterIP: '10.96.0.8', clusterIPs: ['10.96.0.8'] });
  assert.deepEqual(after({ clusterIP: '10.96.0.7' }, ADDRESS), ADDRESS);
});

test('carryOverAllocations fills in the port of health checks while they are needed', () => {
  const stored: ServiceSpec = {
    ...ADDRESS,
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 30_001,
  };
  const { healthCheckNodePort: _, ...sent } = stored;
  assert.equal(after(sent, stored).healthCheckNodePort, 30_001);
  const everywhere: ServiceSpec = { ...stored, externalTrafficPolicy: 'Cluster' };
  assert.equal(after(everywhere, stored).healthCheckNodePort, undefined);
});

test('carryOverAllocations drops what only the old type had', () => {
  const balancer: ServiceSpec = {
    ...ADDRESS,
    type: 'LoadBalancer',
    ports: [{ port: 80, nodePort: 30_080 }],
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 30_001,
    allocateLoadBalancerNodePorts: true,
    loadBalancerClass: 'a/b',
  };
  assert.deepEqual(after({ ...balancer, type: 'ClusterIP' }, balancer), {
    ...ADDRESS,
    type: 'ClusterIP',
    ports: [{ port: 80 }],
  });
});

test('carryOverAllocations keeps what the client changed, to be refused', () => {
  const stored: ServiceSpec = { ...ADDRESS, type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] };
  const ports = [{ port: 80, nodePort: 30_081 }];
  assert.deepEqual(after({ ...ADDRESS, type: 'ClusterIP', ports }, stored).ports, ports);
});
