import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseAddresses } from './address-plan.ts';

const free = () => false;

test('chooseAddresses gives a cluster the same ranges each time, and Pods and Services different ones', () => {
  const plan = chooseAddresses('bridge', '0a1b2c3d', free);
  assert.deepEqual(chooseAddresses('bridge', '0a1b2c3d', free), plan);
  assert.match(plan.podCidr, /^10\.(19[2-9]|2\d\d)\.0\.0\/16$/);
  assert.match(plan.serviceCidr, /^10\.1(2[89]|[3-8]\d|9[01])\.0\.0\/16$/);
  assert.match(chooseAddresses('loopback', 'x', free).podCidr, /^127\.\d+\.0\.0\/16$/);
});

test('chooseAddresses passes over ranges that are taken', () => {
  const first = chooseAddresses('bridge', 'id', free);
  const prefix = first.podCidr.split('.').slice(0, 2).join('.');
  const second = chooseAddresses('bridge', 'id', (taken) => taken === `${prefix}.`);
  assert.notEqual(second.podCidr, first.podCidr);
  assert.notEqual(second.serviceCidr, first.serviceCidr);
});
