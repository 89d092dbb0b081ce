import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from './generated/core-v1.ts';
import { serviceEnvironment } from './service-environment.ts';

function service(name: string, namespace: string, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, uid: name, resourceVersion: '1', creationTimestamp: '' },
    spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }], ...spec },
  } as Service;
}

const namesOf = (services: Service[], namespace: string, links = true) =>
  serviceEnvironment(services, namespace, { links }).map(({ name }) => name);

test('serviceEnvironment names a Service in upper case with underscores, and links each port', () => {
  const ports = [
    { name: 'http', port: 80 },
    { name: 'dns-udp', port: 53, protocol: 'UDP' },
  ];
  const variables = serviceEnvironment([service('web-app', 'shop', { ports })], 'shop');
  assert.deepEqual(
    variables.map(({ name, value }) => `${name}=${value}`),
    [
      'WEB_APP_SERVICE_HOST=10.96.0.7',
      'WEB_APP_SERVICE_PORT=80',
      'WEB_APP_SERVICE_PORT_HTTP=80',
      'WEB_APP_SERVICE_PORT_DNS_UDP=53',
      'WEB_APP_PORT=tcp://10.96.0.7:80',
      'WEB_APP_PORT_80_TCP=tcp://10.96.0.7:80',
      'WEB_APP_PORT_80_TCP_PROTO=tcp',
      'WEB_APP_PORT_80_TCP_PORT=80',
      'WEB_APP_PORT_80_TCP_ADDR=10.96.0.7',
      'WEB_APP_PORT_53_UDP=udp://10.96.0.7:53',
      'WEB_APP_PORT_53_UDP_PROTO=udp',
      'WEB_APP_PORT_53_UDP_PORT=53',
      'WEB_APP_PORT_53_UDP_ADDR=10.96.0.7',
    ],
  );
});

test('serviceEnvironment takes the Services of the namespace and the API server, none without an address', () => {
  const services = [
    service('kubernetes', 'default'),
    service('other', 'elsewhere'),
    service('headless', 'shop', { clusterIP: 'None' }),
    service('web', 'shop'),
  ];
  const hosts = namesOf(services, 'shop').filter((name) => name.endsWith('_SERVICE_HOST'));
  assert.deepEqual(hosts, ['KUBERNETES_SERVICE_HOST', 'WEB_SERVICE_HOST']);
});

test('serviceEnvironment leaves only the API server without links', () => {
  const services = [service('kubernetes', 'default'), service('web', 'shop')];
  const hosts = namesOf(services, 'shop', false).filter((name) => name.endsWith('_SERVICE_HOST'));
  assert.deepEqual(hosts, ['KUBERNETES_SERVICE_HOST']);
});

test('serviceEnvironment prefers a Service of the namespace that is named kubernetes, in any order', () => {
  const own = service('kubernetes', 'shop', { clusterIP: '10.96.9.9' });
  for (const services of [
    [own, service('kubernetes', 'default')],
    [service('kubernetes', 'default'), own],
  ]) {
    assert.equal(serviceEnvironment(services, 'shop')[0]?.value, '10.96.9.9');
  }
});
