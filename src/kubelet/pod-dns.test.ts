import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '../api/generated/core-v1.ts';
import { type NodeDns, podDns } from './pod-dns.ts';

const NODE: NodeDns = {
  servers: ['10.1.0.1'],
  domain: 'cluster.local',
  host: { servers: ['192.0.2.1'], searches: ['example.com'], options: ['timeout:1'] },
};
const OF_CLUSTER = {
  servers: ['10.1.0.1'],
  searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'],
  options: ['ndots:5'],
};

function podOf(spec: Partial<PodSpec>): Pod {
  const metadata = { name: 'web', namespace: 'shop' } as Pod['metadata'];
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], ...spec } };
}

test('podDns asks the cluster first, unless the Pod is in the network of its node', () => {
  assert.deepEqual(podDns(podOf({}), NODE), OF_CLUSTER);
  assert.deepEqual(podDns(podOf({ dnsPolicy: 'ClusterFirst' }), NODE), OF_CLUSTER);
  assert.deepEqual(podDns(podOf({ hostNetwork: true }), NODE), NODE.host);
  const wanted = podOf({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
  assert.deepEqual(podDns(wanted, NODE), OF_CLUSTER);
});

test('podDns resolves as the node does where the cluster has no server, or the policy is Default', () => {
  assert.deepEqual(podDns(podOf({}), { ...NODE, servers: [] }), NODE.host);
  assert.deepEqual(podDns(podOf({ dnsPolicy: 'Default' }), NODE), NODE.host);
  assert.equal(podDns(podOf({}), { servers: [], domain: 'cluster.local' }), undefined);
});

test('podDns adds dnsConfig to what the policy gives, and replaces options by name', () => {
  const dnsConfig = {
    nameservers: ['192.0.2.9', '192.0.2.1'],
    searches: ['corp.example'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  };
  assert.deepEqual(podDns(podOf({ dnsConfig }), NODE), {
    servers: ['10.1.0.1', '192.0.2.9', '192.0.2.1'],
    searches: [...OF_CLUSTER.searches, 'corp.example'],
    options: ['ndots:2', 'edns0'],
  });
  assert.deepEqual(podDns(podOf({ dnsPolicy: 'Default', dnsConfig }), NODE), {
    servers: ['192.0.2.1', '192.0.2.9'],
    searches: ['example.com', 'corp.example'],
    options: ['timeout:1', 'ndots:2', 'edns0'],
  });
  assert.deepEqual(podDns(podOf({ dnsPolicy: 'None', dnsConfig }), NODE), {
    servers: ['192.0.2.9', '192.0.2.1'],
    searches: ['corp.example'],
    options: ['ndots:2', 'edns0'],
  });
});
