import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCustomRows } from '../../api/custom/to-rows.ts';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts';
import { allResources, findResource } from '../../api/resources.ts';
import { storageVersionHash } from './storage-version-hash.ts';

/** As upstream lists them in its `api/discovery`. */
const UPSTREAM: Readonly<Record<string, string>> = {
  '/v1/configmaps': 'qFsyl6wFWjQ=',
  '/v1/events': 'r2yiGXH7wu8=',
  '/v1/nodes': 'XwShjMxG9Fs=',
  '/v1/pods': 'xPOwRZ+Yhw8=',
  '/v1/services': '0/CO1lhkEBI=',
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicies': 'mHCkTKpUTrE=',
  'admissionregistration.k8s.io/v1/validatingadmissionpolicybindings': 'v9715VZqakg=',
  'apiregistration.k8s.io/v1/apiservices': 'InPBPD7+PqM=',
  'apps/v1/deployments': '8aSe+NMegvE=',
  'apps/v1/replicasets': 'P1RzHs8/mWQ=',
  'autoscaling/v1/horizontalpodautoscalers': 'qwQve8ut294=',
  'autoscaling/v2/horizontalpodautoscalers': 'qwQve8ut294=',
  'batch/v1/jobs': 'mudhfqk/qZY=',
  'certificates.k8s.io/v1/certificatesigningrequests': '95fRKMXA+00=',
  'coordination.k8s.io/v1/leases': 'gqkMMb/YqFM=',
  'events.k8s.io/v1/events': 'r2yiGXH7wu8=',
  'flowcontrol.apiserver.k8s.io/v1/flowschemas': 'GJVAJZSZBIw=',
  'networking.k8s.io/v1/ingresses': '39NQlfNR+bo=',
  'rbac.authorization.k8s.io/v1/clusterroles': 'bYE5ZWDrJ44=',
  'resource.k8s.io/v1/resourceslices': 'KsC072WgaEY=',
  'storage.k8s.io/v1/csidrivers': 'hL6j/rwBV5w=',
};

test('storageVersionHash is upstream’s', () => {
  for (const [name, hash] of Object.entries(UPSTREAM)) {
    const [group = '', version = '', resource = ''] = name.split('/');
    const row = findResource(group, version, resource)!;
    assert.equal(storageVersionHash(row, allResources()), hash, name);
  }
});

test('storageVersionHash is of no resource that is not stored', () => {
  const bindings = findResource('', 'v1', 'bindings')!;
  assert.equal(storageVersionHash(bindings, allResources()), undefined);
});

test('storageVersionHash of a custom resource is of the stored version, as long as that is served', () => {
  const schema = { openAPIV3Schema: { type: 'object' } };
  const rowsWith = (isStoredServed: boolean) =>
    toCustomRows({
      metadata: { name: 'crontabs.stable.example.com' },
      spec: {
        group: 'stable.example.com',
        scope: 'Namespaced',
        names: { plural: 'crontabs', kind: 'CronTab' },
        versions: [
          { name: 'v1', served: isStoredServed, storage: true, schema },
          { name: 'v2', served: true, storage: false, schema },
        ],
      },
    } as unknown as CustomResourceDefinition).served;
  // base64(sha256("stable.example.com/v1/CronTab")[:8])
  const hashes = (isStoredServed: boolean) => {
    const rows = rowsWith(isStoredServed);
    return rows.map((row) => storageVersionHash(row, rows));
  };
  assert.deepEqual(hashes(true), ['EdX2FP+L0js=', 'EdX2FP+L0js=']);
  assert.deepEqual(hashes(false), [undefined]);
});
