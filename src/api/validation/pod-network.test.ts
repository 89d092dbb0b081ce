import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerPort, PodSpec } from '../generated/core-v1.ts';
import {
  validateDnsConfig,
  validateDnsPolicy,
  validateHostAliases,
  validateHostNetworkPorts,
  validateHostnameOverride,
  validateHostPorts,
} from './pod-network.ts';
import { texts } from './problems.fixture.ts';

const IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

function first(words: readonly string[]): string[] {
  return words.map((text) => text.split(': ').slice(0, 3).join(': '));
}

test('validateDnsPolicy wants a nameserver where the cluster gives none', () => {
  const of = (policy: string, spec: Partial<PodSpec>): string[] =>
    texts(validateDnsPolicy(policy, 'spec.dnsPolicy', { containers: [], ...spec }));
  deepEqual(of('None', { dnsConfig: { nameservers: ['10.0.0.1'] } }), []);
  deepEqual(of('ClusterFirst', {}), []);
  deepEqual(of('None', {}), [
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ]);
  deepEqual(of('None', { dnsConfig: {} }), [
    'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
  ]);
});

test('validateDnsConfig keeps to what resolvers can do', () => {
  const searches = ['.', 'example.com.', '_tcp.example.com'];
  deepEqual(
    texts(validateDnsConfig({ nameservers: ['::1'], searches, options: [{ name: 'ndots' }] }, 'd')),
    [],
  );
  const nameservers = ['10.0.0.1', '10.0.0.2', '10.0.0.3', 'x'];
  deepEqual(texts(validateDnsConfig({ nameservers, options: [{}] }, 'd')), [
    `d.nameservers: Invalid value: ${JSON.stringify(nameservers)}: must not have more than 3 nameservers`,
    `d.nameservers[3]: Invalid value: "x": ${IP}`,
    'd.options[0]: Required value: must not be empty',
  ]);
  const many = Array.from({ length: 33 }, () => 'a'.repeat(63));
  const why = texts(validateDnsConfig({ searches: many }, 'd')).map((words) => words.split(': ').at(-1));
  deepEqual(why, [
    'must not have more than 32 search paths',
    'must not have more than 2048 characters (including spaces) in the search list',
  ]);
  deepEqual(first(texts(validateDnsConfig({ searches: ['a..'] }, 'd'))), [
    'd.searches[0]: Invalid value: "a."',
  ]);
});

test('validateHostAliases wants addresses and names', () => {
  const aliases = [
    { ip: '10.0.0.1', hostnames: ['a.example.com'] },
    { ip: 'a' },
    { ip: '::1', hostnames: ['b', '_'] },
  ];
  deepEqual(first(texts(validateHostAliases(aliases, 'h'))), [
    'h[1].ip: Invalid value: "a"',
    'h[2].hostnames[1]: Invalid value: "_"',
  ]);
});

test('validateHostnameOverride wants one source of a name that fits', () => {
  const of = (name: string, spec: Partial<PodSpec>): string[] =>
    texts(validateHostnameOverride(name, 'h', { containers: [], ...spec }));
  deepEqual(of('a.example.com', {}), []);
  deepEqual(of('a', { setHostnameAsFQDN: true, hostNetwork: true }), [
    'h: Forbidden: may not be specified when setHostnameAsFQDN is true',
    'h: Forbidden: may not be specified when hostNetwork is true',
  ]);
  deepEqual(of('a'.repeat(65), {}), ['h: Too long: may not be more than 64 bytes']);
  deepEqual(first(of('', {})), ['h: Invalid value: ""']);
});

function withPorts(...lists: ContainerPort[][]): PodSpec {
  return { containers: lists.map((ports, i) => ({ name: `c${i}`, ports })) };
}

test('validateHostNetworkPorts wants the same port inside and outside', () => {
  const spec = withPorts(
    [{ containerPort: 80, hostPort: 80 }],
    [{ containerPort: 80 }, { containerPort: 1, hostPort: 2 }],
  );
  deepEqual(texts(validateHostNetworkPorts(spec, 's')), [
    's.containers[1].ports[1].hostPort: Invalid value: 2: must match `containerPort` when `hostNetwork` is true',
  ]);
});

test('validateHostPorts lets no two containers take the same port of the host', () => {
  const web = { containerPort: 80, hostPort: 80, protocol: 'TCP' };
  const inside = { containerPort: 80, protocol: 'TCP' };
  const spec = withPorts(
    [web, inside],
    [{ ...web, protocol: 'UDP' }, { ...web, hostIP: '10.0.0.1' }, inside, web],
  );
  deepEqual(texts(validateHostPorts(spec, 's')), [
    's.containers[1].ports[3].hostPort: Duplicate value: "TCP//80"',
  ]);
  const oneByOne = { containers: [], initContainers: withPorts([web], [web]).containers };
  deepEqual(texts(validateHostPorts(oneByOne, 's')), []);
});
