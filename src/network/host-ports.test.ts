import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerPort, Pod } from '../api/generated/core-v1.ts';
import { hasHostPorts, planHostPorts, podOfHostPort } from './host-ports.ts';

function pod(ports: ContainerPort[], spec: object = {}, status: object = { podIP: '10.0.0.5' }): Pod {
  return {
    metadata: { name: 'web-1', namespace: 'shop' },
    spec: { containers: [{ name: 'web', ports }], ...spec },
    status,
  } as unknown as Pod;
}

const NODE = ['10.0.0.1', '127.0.0.1'];

test('planHostPorts leads the node’s port into the Pod', () => {
  const endpoint = { ip: '10.0.0.5', port: 80, pod: 'shop/web-1', terminating: false };
  assert.deepEqual(
    planHostPorts([pod([{ containerPort: 80, hostPort: 8080 }, { containerPort: 9 }])], NODE),
    [
      {
        id: 'pod shop/web-1:TCP//8080',
        protocol: 'TCP',
        virtualAddresses: [
          { ip: '10.0.0.1', port: 8080 },
          { ip: '127.0.0.1', port: 8080 },
        ],
        nodePort: 0,
        affinityMs: 0,
        endpoints: [endpoint],
        externalEndpoints: [endpoint],
      },
    ],
  );
});

test('planHostPorts keeps to the address and the protocol that are asked for', () => {
  const ports: ContainerPort[] = [
    { containerPort: 53, hostPort: 53, hostIP: '127.0.0.1', protocol: 'UDP' },
    { containerPort: 53, hostPort: 53, hostIP: '0.0.0.0', protocol: 'TCP' },
    { containerPort: 54, hostPort: 54, protocol: 'SCTP' },
  ];
  const routes = planHostPorts([pod(ports)], NODE);
  assert.deepEqual(
    routes.map(({ protocol, virtualAddresses }) => [protocol, virtualAddresses.map(({ ip }) => ip)]),
    [
      ['UDP', ['127.0.0.1']],
      ['TCP', NODE],
    ],
  );
  assert.equal(new Set(routes.map(({ id }) => id)).size, 2);
});

test('planHostPorts leaves out Pods without an address of their own, and those that have ended', () => {
  const ports = [{ containerPort: 80, hostPort: 8080 }];
  assert.equal(hasHostPorts(pod(ports, { hostNetwork: true })), false);
  assert.deepEqual(planHostPorts([pod(ports, { hostNetwork: true })], NODE), []);
  assert.deepEqual(planHostPorts([pod(ports, {}, {})], NODE), []);
  assert.deepEqual(planHostPorts([pod(ports, {}, { podIP: '10.0.0.5', phase: 'Succeeded' })], NODE), []);
});

test('podOfHostPort tells a Pod’s row from a Service’s', () => {
  const [route] = planHostPorts([pod([{ containerPort: 80, hostPort: 8080 }])], NODE);
  assert.equal(podOfHostPort(route!.id), 'shop/web-1');
  assert.equal(podOfHostPort('shop/web:http'), undefined);
});
