import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateInterfaceAddress } from './interface-address.ts';
import { texts } from './problems.fixture.ts';

test('validateInterfaceAddress wants an address with a prefix in its one form', () => {
  const of = (text: string) => texts(validateInterfaceAddress(text, 'a'));
  assert.deepEqual(of('10.9.8.7/24'), []);
  assert.deepEqual(of('2001:db8::1/64'), []);
  const why = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
  for (const text of ['', '10.9.8.7', '10.9.8.7/33', '::ffff:10.9.8.7/129'])
    assert.deepEqual(of(text), [`a: Invalid value: ${JSON.stringify(text)}: ${why}`]);
  const canonical = {
    '10.009.8.7/24': '10.9.8.7/24',
    '2001:DB8:0::1/64': '2001:db8::1/64',
    '::ffff:192.168.0.1/120': '192.168.0.1/24',
  };
  for (const [text, form] of Object.entries(canonical))
    assert.deepEqual(of(text), [`a: Invalid value: "${text}": must be in canonical form ("${form}")`]);
});
