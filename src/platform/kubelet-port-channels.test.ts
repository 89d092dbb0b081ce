import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { portsOf } from './kubelet-port-channels.ts';

test('portsOf reads ports one by one and in lists, and refuses what is none', () => {
  deepEqual(portsOf(new URLSearchParams('port=80&port=443,8080')), [80, 443, 8080]);
  for (const query of ['', 'port=', 'port=0', 'port=65536', 'port=http', 'port=80,', 'port=1.5']) {
    throws(() => portsOf(new URLSearchParams(query)), { reason: 'BadRequest' }, query);
  }
  const many = new URLSearchParams({ port: Array.from({ length: 200 }, (_, i) => i + 1).join() });
  throws(() => portsOf(many), { reason: 'BadRequest' });
});
