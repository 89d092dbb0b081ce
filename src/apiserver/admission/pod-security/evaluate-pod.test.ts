import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, PodSpec } from '../../../api/generated/core-v1.ts';
import { evaluatePod, showViolations } from './evaluate-pod.ts';
import { type Level, parseNamespacePolicy } from './namespace-policy.ts';
import { newSecuredPod } from './secured-pod.ts';
import { isSignificantUpdate } from './significant-update.ts';
import { warningsOfPods } from './warnings-of-pods.ts';

interface Case {
  spec?: Partial<PodSpec>;
  annotations?: Record<string, string>;
  level?: Level;
  version?: string;
  expected: string;
}

const HARDENED: Container = {
  name: 'a',
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

function hardened(securityContext: Container['securityContext'], name = 'a'): Container {
  return { name, securityContext: { ...HARDENED.securityContext, ...securityContext } };
}

function withContext(securityContext: Container['securityContext'], name = 'a'): Container {
  return securityContext === undefined ? { name } : { name, securityContext };
}

const BASELINE: readonly Case[] = [
  { expected: '' },
  { level: 'privileged', spec: { hostPID: true }, expected: '' },
  {
    spec: { hostPID: true, hostNetwork: true },
    expected: 'host namespaces (hostNetwork, hostPID)',
  },
  {
    spec: {
      securityContext: { appArmorProfile: { type: 'Unconfined' } },
      containers: [withContext({ appArmorProfile: { type: 'Localhost' } })],
    },
    annotations: { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' },
    expected:
      'forbidden AppArmor profiles (pod and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/a="unconfined"")',
  },
  {
    spec: {
      initContainers: [withContext({ capabilities: { add: ['SYS_ADMIN', 'CHOWN'] } }, 'early')],
      containers: [withContext({ capabilities: { add: ['NET_RAW'] } })],
    },
    expected:
      'non-default capabilities (containers "early", "a" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
  },
  {
    spec: { volumes: [{ name: 'host', hostPath: { path: '/' } }] },
    expected: 'hostPath volumes (volume "host")',
  },
  {
    spec: {
      containers: [
        {
          name: 'a',
          ports: [
            { containerPort: 80, hostPort: 80 },
            { containerPort: 443, hostPort: 443 },
          ],
        },
      ],
    },
    expected: 'hostPort (container "a" uses hostPorts 443, 80)',
  },
  {
    spec: { containers: [{ name: 'a', livenessProbe: { httpGet: { port: 80, host: '10.0.0.1' } } }] },
    expected: 'probe or lifecycle host (container "a" uses probe or lifecycle host "10.0.0.1")',
  },
  {
    version: 'v1.33',
    spec: { containers: [{ name: 'a', livenessProbe: { httpGet: { port: 80, host: '10.0.0.1' } } }] },
    expected: '',
  },
  {
    spec: {
      containers: [],
      ephemeralContainers: [{ name: 'debug', securityContext: { privileged: true } }],
    },
    expected: 'privileged (container "debug" must not set securityContext.privileged=true)',
  },
  {
    spec: { containers: [withContext({ procMount: 'Unmasked' })] },
    expected: 'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
  },
  { spec: { hostUsers: false, containers: [withContext({ procMount: 'Unmasked' })] }, expected: '' },
  {
    spec: {
      securityContext: { seLinuxOptions: { user: 'root' } },
      containers: [withContext({ seLinuxOptions: { type: 'spc_t' } })],
    },
    expected:
      'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
  },
  {
    version: 'v1.30',
    spec: { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } },
    expected: 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
  },
  { spec: { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }, expected: '' },
  {
    spec: { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    expected: 'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  },
  {
    version: 'v1.18',
    annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' },
    expected: 'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")',
  },
  {
    version: 'v1.28',
    spec: {
      securityContext: {
        sysctls: [
          { name: 'net.ipv4.ip_local_reserved_ports', value: '1' },
          { name: 'net.ipv4.tcp_fin_timeout', value: '1' },
          { name: 'kernel.msgmax', value: '1' },
        ],
      },
    },
    expected: 'forbidden sysctls (net.ipv4.tcp_fin_timeout, kernel.msgmax)',
  },
  {
    spec: { securityContext: { windowsOptions: { hostProcess: true } } },
    expected: 'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  },
];

const RESTRICTED: readonly Case[] = [
  { spec: { containers: [HARDENED] }, expected: '' },
  {
    expected:
      'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  },
  {
    spec: { containers: [hardened({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] } })] },
    expected:
      'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
  },
  {
    spec: {
      containers: [HARDENED],
      volumes: [
        { name: 'fine', image: { reference: 'x' } },
        { name: 'host', hostPath: { path: '/' } },
        { name: 'share', nfs: { server: 's', path: '/' } },
      ],
    },
    expected:
      'restricted volume types (volumes "host", "share" use restricted volume types "hostPath", "nfs")',
  },
  {
    spec: { containers: [hardened({ runAsNonRoot: false }), hardened({ runAsUser: 0 }, 'b')] },
    expected:
      'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false), runAsUser=0 (container "b" must not set runAsUser=0)',
  },
  { spec: { hostUsers: false, containers: [hardened({ runAsNonRoot: false, runAsUser: 0 })] }, expected: '' },
  {
    version: 'v1.34',
    spec: { hostUsers: false, containers: [hardened({ runAsUser: 0 })] },
    expected: 'runAsUser=0 (container "a" must not set runAsUser=0)',
  },
  {
    spec: { hostUsers: false, containers: [hardened({ procMount: 'Unmasked' })] },
    expected: 'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
  },
  {
    spec: { containers: [hardened({ seccompProfile: { type: 'Unconfined' } })] },
    expected:
      'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
  },
  {
    spec: { os: { name: 'windows' }, securityContext: { runAsNonRoot: true }, containers: [{ name: 'a' }] },
    expected: '',
  },
  {
    version: 'v1.7',
    spec: { securityContext: { runAsNonRoot: true } },
    expected: '',
  },
];

function testCases(cases: readonly Case[], usual: Level): void {
  for (const [index, one] of cases.entries()) {
    const { level = usual, version = 'latest', spec, annotations = {}, expected } = one;
    test(`evaluatePod ${level}:${version}, case ${index}: ${expected || 'allowed'}`, () => {
      const pod = newSecuredPod({ annotations }, { containers: [{ name: 'a' }], ...spec });
      equal(showViolations(evaluatePod({ level, version }, pod)), expected);
    });
  }
}

testCases(BASELINE, 'baseline');
testCases(RESTRICTED, 'restricted');

const P = 'pod-security.kubernetes.io/';

test('parseNamespacePolicy reads three modes; without a word of warnings, they follow what is enforced', () => {
  const privileged = { level: 'privileged', version: 'latest' };
  deepEqual(parseNamespacePolicy({}).policy, { enforce: privileged, audit: privileged, warn: privileged });
  const baseline = { level: 'baseline', version: 'v1.30' };
  deepEqual(parseNamespacePolicy({ [`${P}enforce`]: 'baseline', [`${P}enforce-version`]: 'v1.30' }).policy, {
    enforce: baseline,
    audit: privileged,
    warn: baseline,
  });
  const labels = { [`${P}enforce`]: 'baseline', [`${P}warn`]: 'privileged', [`${P}audit`]: 'restricted' };
  deepEqual(parseNamespacePolicy(labels).policy, {
    enforce: { level: 'baseline', version: 'latest' },
    audit: { level: 'restricted', version: 'latest' },
    warn: privileged,
  });
});

test('parseNamespacePolicy enforces the strictest where it cannot read, and says why', () => {
  const { policy, errors } = parseNamespacePolicy({
    [`${P}enforce`]: 'strict',
    [`${P}audit-version`]: '1.30',
  });
  deepEqual(
    [policy.enforce.level, policy.warn.level, policy.audit.version],
    ['restricted', 'privileged', 'latest'],
  );
  deepEqual(
    errors.map(({ field, message }) => `${field}: ${message}`),
    [
      `metadata.labels[${P}enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`,
      `metadata.labels[${P}audit-version]: Invalid value: "1.30": must be "latest" or "v1.x"`,
    ],
  );
});

function podOf(name: string, spec: Partial<PodSpec>, metadata: object = {}): Pod {
  return {
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'a' }], ...spec },
  } as unknown as Pod;
}

test('isSignificantUpdate is true of images, added ephemeral containers and seccomp annotations', () => {
  const old = podOf('p', { containers: [{ name: 'a', image: 'x' }] });
  const changed = (spec: Partial<PodSpec>, metadata = {}) =>
    isSignificantUpdate(podOf('p', { ...old.spec, ...spec }, metadata), old);
  equal(changed({ activeDeadlineSeconds: 5 }, { labels: { a: 'b' } }), false);
  equal(changed({ containers: [{ name: 'a', image: 'y' }] }), true);
  equal(changed({ ephemeralContainers: [{ name: 'debug' }] }), true);
  const annotations = { 'container.seccomp.security.alpha.kubernetes.io/a': 'localhost/x' };
  equal(changed({}, { annotations }), true);
});

test('warningsOfPods groups Pods by what they violate', () => {
  const pods = [
    podOf('c', { hostPID: true }),
    podOf('b', { hostPID: true }),
    podOf('a', { hostPID: true }),
    podOf('z', { volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
    podOf('fine', {}),
  ];
  deepEqual(warningsOfPods('ns', pods, { level: 'baseline', version: 'latest' }), [
    'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 2 other pods): host namespaces',
    'z: hostPath volumes',
  ]);
});
