import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSecurityContext, PodSpec, SecurityContext } from '../generated/core-v1.ts';
import { texts } from './problems.fixture.ts';
import { validatePodSecurityContext, validateSecurityContext } from './security-context.ts';

const ID = 'must be between 0 and 2147483647, inclusive';

function ofPod(context: PodSecurityContext, spec: Partial<PodSpec> = {}): string[] {
  return texts(validatePodSecurityContext(context, 's', { containers: [], ...spec }));
}

function ofContainer(context: SecurityContext, hostUsers = true): string[] {
  return texts(validateSecurityContext(context, 's', hostUsers));
}

test('validatePodSecurityContext wants ids that are some, and policies that there are', () => {
  deepEqual(ofPod({ runAsUser: 0, fsGroup: 2_147_483_647, fsGroupChangePolicy: 'OnRootMismatch' }), []);
  const context = { runAsUser: -1, runAsGroup: 2_147_483_648, fsGroup: -2, supplementalGroups: [1, -3] };
  deepEqual(ofPod(context), [
    `s.fsGroup: Invalid value: -2: ${ID}`,
    `s.runAsUser: Invalid value: -1: ${ID}`,
    `s.runAsGroup: Invalid value: 2147483648: ${ID}`,
    `s.supplementalGroups[1]: Invalid value: -3: ${ID}`,
  ]);
  const policies = { fsGroupChangePolicy: 'x', supplementalGroupsPolicy: 'y', seLinuxChangePolicy: 'z' };
  deepEqual(ofPod(policies), [
    's.fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"',
    's.supplementalGroupsPolicy: Unsupported value: "y": supported values: "Merge", "Strict"',
    's.seLinuxChangePolicy: Unsupported value: "z": supported values: "MountOption", "Recursive"',
  ]);
});

test('validatePodSecurityContext refuses parameters of a namespace that is the host’s', () => {
  const sysctls = ['net/ipv4/tcp_syncookies', 'kernel.shm_rmid_forced', 'kernel.sem', 'kernel.semaphore'];
  const context = { sysctls: sysctls.map((name) => ({ name, value: '1' })) };
  deepEqual(ofPod(context), []);
  deepEqual(ofPod(context, { hostNetwork: true, hostIPC: true }), [
    's.sysctls[0].name: Invalid value: "net/ipv4/tcp_syncookies": may not be specified when \'hostNetwork\' is true',
    's.sysctls[1].name: Invalid value: "kernel.shm_rmid_forced": may not be specified when \'hostIPC\' is true',
    's.sysctls[2].name: Invalid value: "kernel.sem": may not be specified when \'hostIPC\' is true',
  ]);
});

test('validateSecurityContext refuses to keep from gaining privileges who has them all', () => {
  const privileged = { privileged: true, allowPrivilegeEscalation: false };
  deepEqual(ofContainer({ privileged: true, allowPrivilegeEscalation: true }), []);
  deepEqual(ofContainer({ allowPrivilegeEscalation: false, capabilities: { add: ['NET_ADMIN'] } }), []);
  deepEqual(ofContainer(privileged), [
    `s: Invalid value: ${JSON.stringify(privileged)}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
  ]);
  const admin = { allowPrivilegeEscalation: false, capabilities: { add: ['CAP_SYS_ADMIN'] } };
  deepEqual(ofContainer(admin), [
    `s: Invalid value: ${JSON.stringify(admin)}: cannot set \`allowPrivilegeEscalation\` to false and \`capabilities.Add\` CAP_SYS_ADMIN`,
  ]);
});

test('validateSecurityContext shows all of /proc only to users of the Pod’s own', () => {
  deepEqual(ofContainer({ procMount: 'Unmasked' }, false), []);
  deepEqual(ofContainer({ procMount: 'Unmasked' }), [
    's.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
  ]);
  deepEqual(ofContainer({ procMount: 'None', runAsUser: -1 }), [
    `s.runAsUser: Invalid value: -1: ${ID}`,
    's.procMount: Unsupported value: "None": supported values: "Default", "Unmasked"',
  ]);
});

test('seccomp profiles are the runtime’s, none, or files below a directory', () => {
  const of = (type: string, localhostProfile?: string): string[] =>
    ofContainer({ seccompProfile: { type, ...(localhostProfile !== undefined && { localhostProfile }) } });
  deepEqual([...of('RuntimeDefault'), ...of('Localhost', 'a/b.json')], []);
  const path = 's.seccompProfile';
  deepEqual(of(''), [`${path}.type: Required value: type is required when seccompProfile is set`]);
  deepEqual(of('x'), [
    `${path}.type: Unsupported value: "x": supported values: "Localhost", "RuntimeDefault", "Unconfined"`,
  ]);
  deepEqual(of('Localhost'), [
    `${path}.localhostProfile: Required value: must be set when seccomp type is Localhost`,
  ]);
  deepEqual(of('Localhost', '../a'), [
    `${path}.localhostProfile: Invalid value: "../a": must not contain '..'`,
  ]);
  deepEqual(of('Unconfined', 'a'), [
    `${path}.localhostProfile: Invalid value: {"type":"Unconfined","localhostProfile":"a"}: can only be set when seccomp type is Localhost`,
  ]);
});

test('AppArmor profiles are the runtime’s, none, or named', () => {
  const of = (type: string, localhostProfile?: string): string[] =>
    ofContainer({ appArmorProfile: { type, ...(localhostProfile !== undefined && { localhostProfile }) } });
  deepEqual([...of('Unconfined'), ...of('Localhost', 'web')], []);
  const path = 's.appArmorProfile';
  const missing = `${path}.localhostProfile: Required value: must be set when AppArmor type is Localhost`;
  deepEqual(of(''), [`${path}.type: Required value: type is required when appArmorProfile is set`]);
  deepEqual([...of('Localhost'), ...of('Localhost', '')], [missing, missing]);
  deepEqual(of('Localhost', ' web'), [
    `${path}.localhostProfile: Invalid value: " web": must not be padded with whitespace`,
  ]);
  deepEqual(of('Localhost', 'a'.repeat(4096)), [
    `${path}.localhostProfile: Too long: may not be more than 4095 bytes`,
  ]);
  deepEqual(of('RuntimeDefault', 'a'), [
    `${path}.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost`,
  ]);
});
