import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '../generated/core-v1.ts';
import { validateOs, validateStopSignal } from './pod-os.ts';
import { texts } from './problems.fixture.ts';

function problems(name: string, spec: Partial<PodSpec> = {}): string[] {
  return texts(validateOs({ name }, 's.os', { containers: [], ...spec }));
}

test('validateOs knows two systems', () => {
  deepEqual([...problems('linux'), ...problems('windows')], []);
  deepEqual(problems(''), ['s.os.name: Required value']);
  deepEqual(problems('plan9'), ['s.os: Unsupported value: "plan9": supported values: "linux", "windows"']);
});

test('validateOs refuses options of Windows for linux', () => {
  const securityContext = { windowsOptions: {} };
  const why = 'Forbidden: windows options cannot be set for a linux pod';
  deepEqual(problems('linux', { securityContext, ephemeralContainers: [{ name: 'e', securityContext }] }), [
    `s.securityContext.windowsOptions: ${why}`,
    `s.ephemeralContainers[0].securityContext.windowsOptions: ${why}`,
  ]);
});

test('validateOs refuses for Windows what only linux has', () => {
  const spec: Partial<PodSpec> = {
    securityContext: { runAsNonRoot: true, fsGroup: 0, sysctls: [], supplementalGroups: [] },
    hostPID: false,
    hostIPC: true,
    hostUsers: true,
    initContainers: [{ name: 'i', securityContext: { privileged: false, runAsNonRoot: true } }],
  };
  const forbidden = ['securityContext.fsGroup', 'securityContext.supplementalGroups', 'hostUsers', 'hostIPC'];
  deepEqual(
    problems('windows', spec),
    [...forbidden, 'initContainers[0].securityContext.privileged'].map(
      (field) => `s.${field}: Forbidden: cannot be set for a windows pod`,
    ),
  );
});

test('validateStopSignal knows the signals of each system', () => {
  const of = (signal: string, name?: string): string[] =>
    texts(validateStopSignal(signal, 'l', name === undefined ? undefined : { name }));
  deepEqual([...of('SIGUSR1', 'linux'), ...of('SIGRTMAX-14', 'linux'), ...of('SIGTERM', 'windows')], []);
  deepEqual(of('SIGTERM'), ['l: Forbidden: may not be set for containers with empty `spec.os.name`']);
  deepEqual(of('SIGUSR1', 'windows'), [
    'l: Unsupported value: "SIGUSR1": supported values: "SIGKILL", "SIGTERM"',
  ]);
  deepEqual(
    of('SIGRTMIN+16', 'linux').map((words) => words.slice(0, 35)),
    ['l: Unsupported value: "SIGRTMIN+16"'],
  );
});
