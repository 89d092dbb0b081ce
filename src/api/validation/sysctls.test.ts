import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateSysctls } from './sysctls.ts';

test('validateSysctls refuses names that are none, and the same one twice', () => {
  const names = ['foo-', 'kernel.shmmax', 'safe-and-unsafe', 'bar..', 'net/ipv4/x_y', 'net.ipv4.x_y', ''];
  const errors = validateSysctls(
    names.map((name) => ({ name, value: '1' })),
    'sysctls',
    {},
  );
  assert.deepEqual(
    errors.map(({ field, message }) => `${field} ${message.split(':').slice(0, 2).join(':')}`),
    [
      'sysctls[0].name Invalid value: "foo-"',
      'sysctls[3].name Invalid value: "bar.."',
      'sysctls[5].name Duplicate value: "net.ipv4.x_y"',
      'sysctls[6].name Required value',
    ],
  );
});
