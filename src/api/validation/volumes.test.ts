import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from '../generated/core-v1.ts';
import { problemsOfVolume as problemsOf, problemsOfPod } from './pod-problems.fixture.ts';
import { validatePodSpec } from './pod-spec.ts';
import { texts } from './problems.fixture.ts';

const MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const DRIVER =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const GOOD: readonly Omit<Volume, 'name'>[] = [
  { emptyDir: { sizeLimit: '1Gi' } },
  { hostPath: { path: '/var/a..b', type: '' } },
  { configMap: { name: 'c', defaultMode: 0o644, items: [{ key: 'a', path: 'b/c', mode: 0 }] } },
  { downwardAPI: { items: [{ path: 'a', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.labels' } }] } },
  { nfs: { server: 's', path: '/' } },
  { iscsi: { targetPortal: '1.2.3.4:3260', iqn: 'iqn.2001-04.com.example:storage', lun: 0 } },
  { iscsi: { targetPortal: '1.2.3.4:3260', iqn: 'eui.0123456789abcdef', lun: 255 } },
  { fc: { wwids: ['3600508b400105e210000900000490000'] } },
  { quobyte: { registry: 'a:1,[::1]:2', volume: 'v' } },
  { azureDisk: { diskName: 'd', diskURI: '/subscriptions/x', kind: 'Managed', cachingMode: 'None' } },
  { flexVolume: { driver: 'd/x', options: { 'example.com/kubernetes.io': '1' } } },
  { csi: { driver: 'Driver.example.com', nodePublishSecretRef: { name: 's' } } },
  { image: { reference: 'i', pullPolicy: 'Never' } },
  { gitRepo: { repository: 'r' } },
];

const BAD: readonly { source: Omit<Volume, 'name'>; problems: string[] }[] = [
  { source: {}, problems: ['Required value: must specify a volume type'].map((text) => `: ${text}`) },
  {
    source: { configMap: { name: 'c' }, emptyDir: {}, cephfs: { monitors: [] } },
    problems: [
      'cephFS: Forbidden: may not specify more than 1 volume type',
      'configMap: Forbidden: may not specify more than 1 volume type',
    ],
  },
  {
    source: { emptyDir: { sizeLimit: '-1' } },
    problems: ['emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'],
  },
  { source: { hostPath: { path: '' } }, problems: ['hostPath.path: Required value'] },
  {
    source: { hostPath: { path: '/a/../b', type: 'Fifo' } },
    problems: [
      'hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
      'hostPath.type: Unsupported value: "Fifo": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  },
  {
    source: { secret: { defaultMode: 0o1000, items: [{ key: '', path: '', mode: -1 }] } },
    problems: [
      'secret.secretName: Required value',
      `secret.defaultMode: Invalid value: 512: ${MODE}`,
      'secret.items[0].key: Required value',
      'secret.items[0].path: Required value',
      `secret.items[0].mode: Invalid value: -1: ${MODE}`,
    ],
  },
  {
    source: { nfs: { server: '', path: '' } },
    problems: [
      'nfs.server: Required value',
      'nfs.path: Required value',
      'nfs.path: Invalid value: "": must be an absolute path',
    ],
  },
  {
    source: {
      iscsi: { targetPortal: '', iqn: 'x', lun: 256, chapAuthSession: true, initiatorName: 'iqn.1' },
    },
    problems: [
      'iscsi.targetPortal: Required value',
      'iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
      'iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
      'iscsi.secretRef: Required value',
      'iscsi.initiatorname: Invalid value: "iqn.1": must be valid format',
    ],
  },
  {
    source: { fc: { targetWWNs: ['a'], wwids: ['b'] } },
    problems: [
      'fc.targetWWNs: Invalid value: ["a"]: targetWWNs and wwids can not be specified simultaneously',
      'fc.lun: Required value: lun is required if targetWWNs is specified',
    ],
  },
  {
    source: { fc: {} },
    problems: ['fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both'],
  },
  {
    source: { gcePersistentDisk: { pdName: '', partition: 256 } },
    problems: [
      'persistentDisk.pdName: Required value',
      'persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive',
    ],
  },
  {
    source: { awsElasticBlockStore: { volumeID: '' } },
    problems: ['awsElasticBlockStore.volumeID: Required value'],
  },
  {
    source: { quobyte: { registry: 'a:1,b', volume: '' } },
    problems: [
      'quobyte.registry: Invalid value: "a:1,b": must be a host:port pair or multiple pairs separated by commas',
      'quobyte.volume: Required value',
    ],
  },
  {
    source: { glusterfs: { endpoints: '', path: '' } },
    problems: ['glusterfs.endpoints: Required value', 'glusterfs.path: Required value'],
  },
  {
    source: { flocker: { datasetName: 'a/b', datasetUUID: 'c' } },
    problems: [
      'flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously',
      'flocker.datasetName: Invalid value: "a/b": must not contain \'/\'',
    ],
  },
  {
    source: { persistentVolumeClaim: { claimName: '' } },
    problems: ['persistentVolumeClaim.claimName: Required value'],
  },
  {
    source: { rbd: { monitors: [], image: '' } },
    problems: ['rbd.monitors: Required value', 'rbd.image: Required value'],
  },
  {
    source: { cinder: { volumeID: '', secretRef: {} } },
    problems: ['cinder.volumeID: Required value', 'cinder.secretRef.name: Required value'],
  },
  {
    source: { flexVolume: { driver: '', options: { 'a.K8s.io/b': '1' } } },
    problems: [
      'flexVolume.driver: Required value',
      'flexVolume.options[a.K8s.io/b]: Invalid value: "a.K8s.io/b": kubernetes.io and k8s.io namespaces are reserved',
    ],
  },
  {
    source: { azureDisk: { diskName: 'd', diskURI: 'x', kind: 'Shared', cachingMode: 'All' } },
    problems: [
      'azureDisk.cachingMode: Unsupported value: "All": supported values: "None", "ReadOnly", "ReadWrite"',
      'azureDisk.diskURI: Unsupported value: "x": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"',
    ],
  },
  {
    source: { azureFile: { secretName: '', shareName: '' } },
    problems: ['azureFile.secretName: Required value', 'azureFile.shareName: Required value'],
  },
  { source: { vsphereVolume: { volumePath: '' } }, problems: ['vsphereVolume.volumePath: Required value'] },
  {
    source: { scaleIO: { gateway: '', system: '', secretRef: {} } },
    problems: [
      'scaleIO.gateway: Required value',
      'scaleIO.system: Required value',
      'scaleIO.volumeName: Required value',
    ],
  },
  {
    source: { storageos: { secretRef: {} } },
    problems: ['storageos.volumeName: Required value', 'storageos.secretRef.name: Required value'],
  },
  {
    source: { csi: { driver: 'a_b', nodePublishSecretRef: {} } },
    problems: [
      `csi.driver: Invalid value: "a_b": ${DRIVER}`,
      'csi.nodePublishSecretRef.name: Required value',
    ],
  },
  {
    source: { gitRepo: { repository: '', directory: '/a' } },
    problems: [
      'gitRepo.repository: Required value',
      'gitRepo.directory: Invalid value: "/a": must be a relative path',
    ],
  },
  {
    source: { image: { pullPolicy: 'Maybe' } },
    problems: [
      'image.reference: Required value',
      'image.pullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
    ],
  },
];

test('validateVolumes lets good volumes be', () => {
  for (const source of GOOD) deepEqual(problemsOf(source), []);
});

for (const { source, problems } of BAD) {
  test(`validateVolumes speaks as upstream of ${JSON.stringify(source)}`, () => {
    deepEqual(problemsOf(source), problems);
  });
}

test('validateVolumes wants names of their own, and mounts of volumes that are good', () => {
  const volume = { name: 'a', emptyDir: {} };
  deepEqual(problemsOfPod({ volumes: [volume, volume] }), ['spec.volumes[1].name: Duplicate value: "a"']);
  const containers = [{ name: 'c', image: 'i', volumeMounts: [{ name: 'b', mountPath: '/b' }] }];
  deepEqual(problemsOfPod({ volumes: [{ name: 'b', secret: {} }], containers }), [
    'spec.volumes[0].secret.secretName: Required value',
    'spec.containers[0].volumeMounts[0].name: Not found: "b"',
  ]);
});

test('validateVolumes of iSCSI has room for both names', () => {
  const iscsi = {
    targetPortal: '1.2.3.4:3260',
    iqn: 'eui.0123456789abcdef',
    lun: 0,
    initiatorName: 'eui.0123456789abcdef',
  };
  const name = 'a'.repeat(52);
  deepEqual(problemsOf({ iscsi }, name), [
    `name: Invalid value: "${name}": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.`,
  ]);
});

const path = (item: KeyToPath) => problemsOf({ configMap: { name: 'c', items: [item] } });

test('validateVolumes keeps files inside their volume, and off the names of the kubelet', () => {
  deepEqual(path({ key: 'a', path: '/x' }), [
    'configMap.items[0].path: Invalid value: "/x": must be a relative path',
  ]);
  deepEqual(path({ key: 'a', path: '../x' }), [
    'configMap.items[0].path: Invalid value: "../x": must not contain \'..\'',
  ]);
  deepEqual(path({ key: 'a', path: '..data' }), [
    'configMap.items[0].path: Invalid value: "..data": must not start with \'..\'',
  ]);
});

const file = (item: Partial<DownwardAPIVolumeFile>) =>
  problemsOf({ downwardAPI: { items: [{ path: 'a', ...item }] } });

test('validateVolumes of the downward API wants one thing to show', () => {
  const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.name' };
  const resourceFieldRef = { resource: 'limits.cpu' };
  deepEqual(file({}), ['downwardAPI: Required value: one of fieldRef and resourceFieldRef is required']);
  deepEqual(file({ fieldRef, resourceFieldRef }), [
    'downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
  ]);
  deepEqual(file({ resourceFieldRef }), ['downwardAPI.resourceFieldRef.containerName: Required value']);
  deepEqual(file({ fieldRef: { ...fieldRef, fieldPath: 'status.podIP' }, path: '' }), [
    'downwardAPI.path: Required value',
    'downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
  ]);
});

const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

const projected = (...sources: VolumeProjection[]) => problemsOf({ projected: { sources } });
const ITEMS = { name: 's', items: [{ key: 'a', path: 'x' }] };

test('validateProjected lets each file be written once', () => {
  deepEqual(projected({ secret: ITEMS }, { configMap: { name: 'c' } }, {}), []);
  deepEqual(projected({ secret: ITEMS }, { configMap: { ...ITEMS, name: 'c' } }), [
    'projected: Invalid value: "c": conflicting duplicate paths',
  ]);
  const resourceFieldRef = { containerName: 'c', resource: 'limits.cpu' };
  deepEqual(projected({ secret: ITEMS, downwardAPI: { items: [{ path: 'x', resourceFieldRef }] } }), [
    'projected: Invalid value: "x": conflicting duplicate paths',
    'projected.sources[0]: Forbidden: may not specify more than 1 volume type per source',
  ]);
});

test('validateProjected says once which source is in the way, however long its name', () => {
  const items = Array.from({ length: 600 }, (_, i) => ({ key: 'a', path: `x${i}` }));
  const found = projected({ secret: { name: 's', items } }, { secret: { name: 'n'.repeat(9000), items } });
  deepEqual(found.length, 1);
});

test('validateVolumes does not repeat the name of a Pod that is too long', () => {
  const volumes = Array.from({ length: 600 }, (_, i) => ({
    name: `v${i}`,
    ephemeral: { volumeClaimTemplate: { spec: CLAIM } },
  }));
  const spec = { containers: [{ name: 'c', image: 'i' }], volumes };
  deepEqual(validatePodSpec(spec, 'spec', 'n'.repeat(9000)), []);
});

test('validateProjected judges tokens, bundles and certificates', () => {
  deepEqual(projected({ serviceAccountToken: { path: '', expirationSeconds: 10 } }), [
    'projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
    'projected.path: Required value',
  ]);
  const token = { projected: { sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 600 } }] } };
  deepEqual(problemsOf(token), []);
  deepEqual(problemsOfPod({ volumes: [{ name: 'v', ...token }], serviceAccountName: '' }), [
    'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
  ]);
  deepEqual(projected({ clusterTrustBundle: { path: '/a' } }), [
    'projected.sources[0].clusterTrustBundle: Required value: either name or signerName must be specified',
    'projected.sources[0].clusterTrustBundle.path: Invalid value: "/a": must be a relative path',
  ]);
  deepEqual(projected({ clusterTrustBundle: { path: 'a', name: 'b', labelSelector: {} } }), [
    'projected.sources[0].clusterTrustBundle.labelSelector: Invalid value: {}: labelSelector must be unset if name is specified',
  ]);
  deepEqual(
    projected({
      podCertificate: { signerName: 'kubernetes.io/a', keyType: 'DSA', maxExpirationSeconds: 86_401 },
    }),
    [
      'keyType: Unsupported value: "DSA": supported values: "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"',
      'maxExpirationSeconds: Invalid value: 86401: if provided, maxExpirationSeconds must be <= 86400',
    ]
      .map((text) => `projected.sources[0].podCertificate.${text}`)
      .concat(
        'projected.sources[0].podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath',
      ),
  );
});

test('validateVolumes judges the claims that are made for a Pod', () => {
  deepEqual(
    problemsOf({ ephemeral: { volumeClaimTemplate: { metadata: { labels: {} }, spec: CLAIM } } }),
    [],
  );
  deepEqual(problemsOf({ ephemeral: {} }), ['ephemeral.volumeClaimTemplate: Required value']);
  const metadata = { name: 'x', labels: { a: '-' } };
  deepEqual(
    problemsOf({ ephemeral: { volumeClaimTemplate: { metadata, spec: { ...CLAIM, accessModes: [] } } } }).map(
      (text) => text.replace('ephemeral.volumeClaimTemplate.', '').slice(0, 60),
    ),
    [
      'metadata.labels: Invalid value: "-": a valid label must be an',
      'metadata.name: Forbidden: cannot be set',
      'spec.accessModes: Required value: at least 1 access mode is required',
    ].map((text) => text.slice(0, 60)),
  );
  const volumes = [
    { name: 'own', ephemeral: { volumeClaimTemplate: { spec: CLAIM } } },
    { name: 'other', persistentVolumeClaim: { claimName: 'web-own' } },
  ];
  deepEqual(problemsOfPod({ volumes }), [
    'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "web-own": must not reference a PVC that gets created for an ephemeral volume',
  ]);
});

test('validateVolumes of a template leaves an image open', () => {
  const spec = { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', image: {} }] };
  deepEqual(texts(validatePodSpec(spec, 'spec')), []);
});
