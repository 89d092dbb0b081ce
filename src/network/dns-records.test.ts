import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Service, ServiceSpec } from '../api/generated/core-v1.ts';
import type { Endpoint, EndpointSlice } from '../api/generated/discovery-v1.ts';
import { answerQuestion, type ZoneAnswer, type ZoneSource } from './dns-records.ts';

const OPTIONS = { domain: 'cluster.local', isClusterAddress: (ip: string) => ip.startsWith('10.') };
const HTTP = { name: 'http', port: 80 };

function serviceOf(name: string, spec: Partial<ServiceSpec>): Service {
  const metadata = { name, namespace: 'shop' } as Service['metadata'];
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [HTTP], ...spec } };
}

function sliceOf(service: string, endpoints: Endpoint[]): EndpointSlice {
  const metadata = {
    name: `${service}-a`,
    namespace: 'shop',
    labels: { 'kubernetes.io/service-name': service },
  } as unknown as EndpointSlice['metadata'];
  const ports = [{ name: 'http', port: 8080, protocol: 'TCP' }];
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    endpoints,
    ports,
  };
}

const SERVICES = [
  serviceOf('web', { clusterIP: '10.1.0.7', clusterIPs: ['10.1.0.7'] }),
  serviceOf('beyond', { clusterIP: '203.0.113.10', clusterIPs: ['203.0.113.10'] }),
  serviceOf('db', { clusterIP: 'None', clusterIPs: ['None'] }),
  serviceOf('empty', { clusterIP: 'None', clusterIPs: ['None'] }),
  serviceOf('mail', { type: 'ExternalName', externalName: 'mail.example.com.', ports: [] }),
];
const SLICES = [
  sliceOf('web', [{ addresses: ['10.2.0.4'] }]),
  sliceOf('db', [
    { addresses: ['10.2.0.5'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.2.0.6'], hostname: 'db-1', conditions: { ready: false } },
    { addresses: ['10.2.0.7'] },
  ]),
  sliceOf('empty', [{ addresses: ['10.2.0.8'], conditions: { ready: false } }]),
];
const SOURCE: ZoneSource = {
  service: (namespace, name) => SERVICES.find((s) => namespace === 'shop' && s.metadata.name === name),
  slicesOf: (namespace, name) =>
    SLICES.filter(({ metadata }) => namespace === 'shop' && metadata.name === `${name}-a`),
  hasNamespace: (namespace) => namespace === 'shop',
  servicesAt: (ip) => SERVICES.filter(({ spec }) => spec?.clusterIP === ip),
  slicesWith: (ip) => SLICES.filter(({ endpoints = [] }) => endpoints.some((e) => e.addresses[0] === ip)),
};

const ask = (name: string, type = 'A') => answerQuestion({ name, type }, SOURCE, OPTIONS);

/** The answers' data; or what came instead. */
function dataOf(answer: ZoneAnswer): unknown {
  return answer.kind === 'records' ? answer.answers.map(({ data }) => data) : answer.kind;
}

const asked = (name: string, type = 'A') => dataOf(ask(name, type));

test('answerQuestion gives the cluster address of a Service', () => {
  const name = 'web.shop.svc.cluster.local';
  assert.deepEqual(ask(name), {
    kind: 'records',
    answers: [{ type: 'A', name, data: '10.1.0.7' }],
    additionals: [],
  });
});

test('answerQuestion gives the ready endpoints of a headless Service, and each by its name', () => {
  assert.deepEqual(asked('db.shop.svc.cluster.local'), ['10.2.0.5', '10.2.0.7']);
  assert.deepEqual(asked('db-0.db.shop.svc.cluster.local'), ['10.2.0.5']);
  assert.deepEqual(asked('10-2-0-7.db.shop.svc.cluster.local'), ['10.2.0.7']);
  assert.equal(asked('db-1.db.shop.svc.cluster.local'), 'nameError');
  assert.equal(asked('empty.shop.svc.cluster.local'), 'nameError');
});

test('answerQuestion tells names without such records from names that do not exist', () => {
  for (const name of [
    'web.shop.svc',
    'shop.svc',
    'svc',
    'pod',
    'shop.pod',
    'dns-version',
    '_tcp.web.shop.svc',
  ])
    assert.deepEqual(asked(`${name}.cluster.local`, 'AAAA'), [], name);
  assert.deepEqual(asked('cluster.local', 'MX'), []);
  for (const name of ['none.shop.svc', 'web.none.svc', 'none.svc', 'web.shop', 'none', 'a.b.web.shop.svc'])
    assert.equal(asked(`${name}.cluster.local`), 'nameError', name);
});

test('answerQuestion gives ports as SRV records, with the addresses of their targets', () => {
  const name = '_http._tcp.web.shop.svc.cluster.local';
  assert.deepEqual(ask(name, 'SRV'), {
    kind: 'records',
    answers: [
      {
        type: 'SRV',
        name,
        data: { priority: 0, weight: 100, port: 80, target: 'web.shop.svc.cluster.local' },
      },
    ],
    additionals: [{ type: 'A', name: 'web.shop.svc.cluster.local', data: '10.1.0.7' }],
  });
  assert.deepEqual(asked('_http._tcp.db.shop.svc.cluster.local', 'SRV'), [
    { priority: 0, weight: 50, port: 8080, target: 'db-0.db.shop.svc.cluster.local' },
    { priority: 0, weight: 50, port: 8080, target: '10-2-0-7.db.shop.svc.cluster.local' },
  ]);
  assert.deepEqual(asked(name, 'A'), []);
  assert.equal(asked('_http._udp.web.shop.svc.cluster.local', 'SRV'), 'nameError');
  assert.equal(asked('_grpc._tcp.web.shop.svc.cluster.local', 'SRV'), 'nameError');
});

test('answerQuestion gives an alias for an external name, whatever is asked for', () => {
  assert.deepEqual(asked('mail.shop.svc.cluster.local', 'AAAA'), ['mail.example.com']);
  assert.equal(asked('x.mail.shop.svc.cluster.local'), 'nameError');
});

test('answerQuestion gives the address that is in the name of a Pod', () => {
  assert.deepEqual(asked('10-2-0-5.shop.pod.cluster.local'), ['10.2.0.5']);
  assert.equal(asked('10-2-0-500.shop.pod.cluster.local'), 'nameError');
  assert.equal(asked('web.shop.pod.cluster.local'), 'nameError');
});

test('answerQuestion gives names for addresses of the cluster, and leaves others alone', () => {
  const reverse = (ip: string) => asked(`${ip.split('.').reverse().join('.')}.in-addr.arpa`, 'PTR');
  assert.deepEqual(reverse('10.1.0.7'), ['web.shop.svc.cluster.local']);
  assert.deepEqual(reverse('10.2.0.5'), ['db-0.db.shop.svc.cluster.local']);
  assert.equal(reverse('10.2.0.6'), 'nameError');
  assert.equal(reverse('10.9.9.9'), 'nameError');
  assert.equal(reverse('192.0.2.1'), 'notOurs');
  assert.deepEqual(reverse('203.0.113.10'), ['beyond.shop.svc.cluster.local']);
  assert.equal(asked('2.10.in-addr.arpa', 'PTR'), 'notOurs');
  assert.equal(asked('web.shop'), 'notOurs');
  assert.equal(asked('notcluster.local'), 'notOurs');
});

test('answerQuestion never leaves a name of the zone to others', () => {
  const label = fc.constantFrom('svc', 'pod', 'shop', 'web', 'db', '_tcp', '_http', '', '10-2-0-5');
  fc.assert(
    fc.property(fc.array(label, { maxLength: 6 }), (labels) => {
      for (const type of ['A', 'SRV', 'PTR', 'TXT'])
        assert.notEqual(ask([...labels, 'cluster.local'].join('.'), type).kind, 'notOurs');
    }),
  );
});
