import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvConf } from './resolv-conf.ts';

test('parseResolvConf reads servers, the last search line and all options', () => {
  const text = [
    '# made by hand',
    'nameserver 192.0.2.1 # first',
    'nameserver 2001:db8::1',
    'search old.example',
    'search . example.com corp.example',
    'options ndots:2 edns0',
    'options trust-ad',
    'domain ignored.example',
  ].join('\n');
  assert.deepEqual(parseResolvConf(text), {
    servers: ['192.0.2.1', '2001:db8::1'],
    searches: ['example.com', 'corp.example'],
    options: ['ndots:2', 'edns0', 'trust-ad'],
  });
  assert.deepEqual(parseResolvConf(''), { servers: [], searches: [], options: [] });
});
