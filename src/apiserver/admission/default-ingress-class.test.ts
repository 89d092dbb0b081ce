import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';

const NETWORKING = '/apis/networking.k8s.io/v1';
const INGRESSES = `${NETWORKING}/namespaces/default/ingresses`;

test('defaultIngressClass gives an Ingress without a class the default one', async () => {
  const { call } = await newSimulatedApiServer();
  const addClass = (name: string, annotations: object) =>
    call('POST', `${NETWORKING}/ingressclasses`, {
      metadata: { name, annotations },
      spec: { controller: 'example.com/ingress' },
    });
  const create = async (name: string, more: object = {}, annotations: object = {}) => {
    const defaultBackend = { service: { name: 'web', port: { number: 80 } } };
    const body = { metadata: { name, annotations }, spec: { defaultBackend, ...more } };
    return (await call('POST', INGRESSES, body)).value.spec.ingressClassName;
  };
  equal(await create('before'), undefined);
  const mark = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
  await addClass('b', mark);
  await addClass('a', mark);
  await addClass('0', {});
  equal(await create('plain'), 'a', 'equally old ones by name');
  equal(await create('named', { ingressClassName: 'b' }), 'b');
  equal(await create('old', {}, { 'kubernetes.io/ingress.class': 'nginx' }), undefined);
});
