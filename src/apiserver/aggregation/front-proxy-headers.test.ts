import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toIdentityHeaders } from './front-proxy-headers.ts';

test('toIdentityHeaders tells name, uid, groups and more, and escapes what no header may be called', () => {
  assert.deepEqual(
    toIdentityHeaders({
      username: 'jane',
      uid: '7',
      groups: ['dev', 'system:authenticated'],
      extra: { Scopes: ['a', 'b'], 'example.com/50%é': ['x'], none: [] },
    }),
    {
      'x-remote-user': ['jane'],
      'x-remote-uid': ['7'],
      'x-remote-group': ['dev', 'system:authenticated'],
      'x-remote-extra-scopes': ['a', 'b'],
      'x-remote-extra-example.com%2f50%25%c3%a9': ['x'],
    },
  );
});

test('toIdentityHeaders says nothing of what there is not', () => {
  assert.deepEqual(toIdentityHeaders({ username: 'system:anonymous', groups: [] }), {
    'x-remote-user': ['system:anonymous'],
  });
});
