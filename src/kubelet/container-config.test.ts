import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, PodSpec } from '../api/generated/core-v1.ts';
import { containerResources, sandboxConfig } from './container-config.ts';
import { oomScoreAdjust } from './oom-score.ts';

const GIB = 1024 ** 3;

function podOf(containers: readonly Container[], resources?: PodSpec['resources']): Pod {
  const metadata = { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  const spec = { containers: [...containers], ...(resources && { resources }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

test('a container that is not limited itself is limited as its Pod', () => {
  const [own, none] = [
    { name: 'own', resources: { limits: { memory: '1Gi' }, requests: { cpu: '100m' } } },
    { name: 'none' },
  ];
  const pod = podOf([own, none], { limits: { cpu: '2', memory: '4Gi' }, requests: { cpu: '1' } });
  const of = (container: Container) => {
    const { oomScoreAdj: _, ...amounts } = containerResources(pod, container, 8 * GIB);
    return amounts;
  };
  deepEqual(of(own), { cpuRequestMillis: 100, cpuLimitMillis: 2000, memoryLimitBytes: GIB });
  deepEqual(of(none), { cpuRequestMillis: 2000, cpuLimitMillis: 2000, memoryLimitBytes: 4 * GIB });
  const dns = { servers: [], domain: 'cluster.local' };
  const sandbox = sandboxConfig(pod, 0, dns);
  deepEqual(sandbox.resources, { cpuRequestMillis: 1000, cpuLimitMillis: 2000, memoryLimitBytes: 4 * GIB });
  equal(sandboxConfig(podOf([own]), 0, dns).resources, undefined);
});

test('what a Pod requests beyond its containers keeps each of them alive for longer', () => {
  const requesting = { name: 'c', resources: { requests: { memory: '1Gi' } } };
  equal(oomScoreAdjust(podOf([requesting]), requesting, 10 * GIB), 900);
  const pod = podOf([requesting, { name: 'd' }], { requests: { memory: '3Gi' } });
  equal(oomScoreAdjust(pod, requesting, 10 * GIB), 800);
});
