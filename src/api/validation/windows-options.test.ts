import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, PodSpec } from '../generated/core-v1.ts';
import { texts } from './problems.fixture.ts';
import { validateHostProcess, validateWindowsOptions } from './windows-options.ts';

function ofUser(runAsUserName: string): string[] {
  const value = `w.runAsUserName: Invalid value: ${JSON.stringify(runAsUserName)}: `;
  return texts(validateWindowsOptions({ runAsUserName }, 'w')).map((words) => words.replace(value, ''));
}

test('validateWindowsOptions wants names of users as Windows has them', () => {
  deepEqual(
    [...ofUser('ContainerUser'), ...ofUser('NT AUTHORITY\\SYSTEM'), ...ofUser('a.example.com\\me')],
    [],
  );
  deepEqual(ofUser(''), ['runAsUserName cannot be an empty string']);
  deepEqual(ofUser('a\u0007'), ['runAsUserName cannot contain control characters']);
  deepEqual(ofUser('a\\b\\c'), ['runAsUserName cannot contain more than one backslash']);
  deepEqual(ofUser('.a*\\'), [
    "runAsUserName's Domain doesn't match the NetBios nor the DNS format",
    "runAsUserName's User cannot be empty",
  ]);
  deepEqual(ofUser(`${'a'.repeat(256)}\\${'b'.repeat(105)}`), [
    "runAsUserName's Domain length must be under 256 characters",
    "runAsUserName's Domain doesn't match the NetBios nor the DNS format",
    "runAsUserName's User length must not be longer than 104 characters",
  ]);
  deepEqual(
    [...ofUser('. .'), ...ofUser('me@home')],
    [
      "runAsUserName's User cannot contain only periods or spaces",
      'runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]',
    ],
  );
});

test('validateWindowsOptions wants credentials of some size', () => {
  deepEqual(
    texts(validateWindowsOptions({ gmsaCredentialSpecName: 'a', gmsaCredentialSpec: '{}' }, 'w')),
    [],
  );
  const of = (gmsaCredentialSpec: string): string[] =>
    texts(validateWindowsOptions({ gmsaCredentialSpec }, 'w')).map((words) => words.split(': ').at(-1)!);
  deepEqual(
    [...of(''), ...of('a'.repeat(64 * 1024 + 1))],
    ['gmsaCredentialSpec cannot be an empty string', 'gmsaCredentialSpec size must be under 64 KiB'],
  );
});

function container(hostProcess?: boolean): Container {
  const windowsOptions = hostProcess === undefined ? {} : { hostProcess };
  return { name: 'c', securityContext: { windowsOptions } };
}

test('validateHostProcess wants all containers to be the host’s processes, or none', () => {
  const of = (spec: PodSpec): string[] => texts(validateHostProcess(spec, 's'));
  const securityContext = { windowsOptions: { hostProcess: true } };
  deepEqual(of({ containers: [container(), container(false)] }), []);
  deepEqual(of({ hostNetwork: true, securityContext, containers: [container(), container(true)] }), []);
  deepEqual(of({ containers: [container(true), container()] }), [
    's: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
    's.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
  ]);
  deepEqual(of({ securityContext, hostNetwork: true, containers: [container(false)] }), [
    's.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true',
  ]);
});
