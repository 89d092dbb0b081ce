/** What admission does to storage, as every write of the registry meets it. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../../../simulation/sim-api-server.ts';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims';
const STORAGE = '/apis/storage.k8s.io/v1';
const DEFAULT_MARK = 'storageclass.kubernetes.io/is-default-class';
const BETA_MARK = 'storageclass.beta.kubernetes.io/is-default-class';

const claim = (name: string, more: object = {}, annotations: object = {}) => ({
  metadata: { name, annotations },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
});

async function newServer() {
  const server = await newSimulatedApiServer();
  const { call, clock } = server;
  const addClass = async (name: string, more: object = {}, annotations: object = {}) => {
    await clock.advance(1000);
    await call('POST', `${STORAGE}/storageclasses`, {
      metadata: { name, annotations },
      provisioner: 'example.com/disk',
      ...more,
    });
  };
  const classOf = async (name: string) =>
    (await call('GET', `${CLAIMS}/${name}`)).value.spec.storageClassName;
  return { ...server, addClass, classOf };
}

test('defaultStorageClass gives a claim without a class the youngest default', async () => {
  const { call, addClass, classOf } = await newServer();
  await call('POST', CLAIMS, claim('before'));
  equal(await classOf('before'), undefined);
  await addClass('old', {}, { [DEFAULT_MARK]: 'true' });
  await addClass('young', {}, { [BETA_MARK]: 'true' });
  await addClass('other', {}, { [DEFAULT_MARK]: 'false' });
  await call('POST', CLAIMS, claim('a'));
  equal(await classOf('a'), 'young');
  await call('POST', CLAIMS, claim('none', { storageClassName: '' }));
  equal(await classOf('none'), '');
  await call('POST', CLAIMS, claim('old', { storageClassName: 'old' }));
  equal(await classOf('old'), 'old');
  await call('POST', CLAIMS, claim('beta', {}, { 'volume.beta.kubernetes.io/storage-class': 'old' }));
  equal(await classOf('beta'), undefined);
});

test('storageObjectInUseProtection holds claims, volumes and classes of attributes', async () => {
  const { call } = await newServer();
  const created = await call('POST', CLAIMS, claim('a'));
  deepEqual(created.value.metadata.finalizers, ['kubernetes.io/pvc-protection']);
  const volume = await call('POST', '/api/v1/persistentvolumes', {
    metadata: { name: 'a', finalizers: ['example.com/mine', 'kubernetes.io/pv-protection'] },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } },
  });
  deepEqual(volume.value.metadata.finalizers, ['example.com/mine', 'kubernetes.io/pv-protection']);
  const attributes = await call('POST', `${STORAGE}/volumeattributesclasses`, {
    metadata: { name: 'fast' },
    driverName: 'example.com',
    parameters: { iops: '1' },
  });
  deepEqual(attributes.value.metadata.finalizers, ['kubernetes.io/vac-protection']);
  equal((await call('DELETE', `${CLAIMS}/a`)).value.metadata.deletionGracePeriodSeconds, 0);
  equal((await call('GET', `${CLAIMS}/a`)).status, 200);
});

test('persistentVolumeClaimResize lets a claim grow only when it is bound and its class allows it', async () => {
  const { call, addClass } = await newServer();
  await addClass('fixed');
  await addClass('elastic', { allowVolumeExpansion: true });
  const resize = (name: string, storage: string) =>
    call('PATCH', `${CLAIMS}/${name}`, { spec: { resources: { requests: { storage } } } }, MERGE);
  for (const storageClassName of ['fixed', 'elastic']) {
    await call('POST', CLAIMS, claim(storageClassName, { storageClassName }));
    equal((await resize(storageClassName, '2Gi')).status, 422, 'not bound yet');
    await call('PATCH', `${CLAIMS}/${storageClassName}/status`, { status: { phase: 'Bound' } }, MERGE);
  }
  equal(
    (await resize('fixed', '2Gi')).value.message,
    'persistentvolumeclaims "fixed" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  );
  equal((await resize('elastic', '2Gi')).status, 200);
});
