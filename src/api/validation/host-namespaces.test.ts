import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '../generated/core-v1.ts';
import { validateHostUsers, validateShareProcessNamespace } from './host-namespaces.ts';
import { texts } from './problems.fixture.ts';

test('validateHostUsers keeps users of the Pod’s own apart from the host', () => {
  const volumeDevices = [{ name: 'd', devicePath: '/dev/d' }];
  const spec: PodSpec = {
    containers: [{ name: 'c', volumeDevices }],
    hostNetwork: true,
    hostPID: true,
    hostIPC: true,
  };
  deepEqual(texts(validateHostUsers(true, 's.hostUsers', spec)), []);
  deepEqual(
    texts(validateHostUsers(false, 's.hostUsers', spec)),
    ['hostNetwork', 'HostPID', 'HostIPC', 'containers[0].volumeDevices'].map(
      (field) => `s.${field}: Forbidden: when \`hostUsers\` is false`,
    ),
  );
});

test('validateShareProcessNamespace lets containers share what is not the host’s', () => {
  const of = (share: boolean, hostPID: boolean): string[] =>
    texts(validateShareProcessNamespace(share, 's', { containers: [], hostPID }));
  deepEqual([...of(true, false), ...of(false, true)], []);
  deepEqual(of(true, true), [
    's: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
  ]);
});
