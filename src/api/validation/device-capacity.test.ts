import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CapacityRequestPolicy } from '../generated/resource-v1.ts';
import { validateDeviceCapacity } from './device-capacity.ts';
import { texts } from './problems.fixture.ts';

const of = (requestPolicy: CapacityRequestPolicy, value = '10Gi') =>
  texts(validateDeviceCapacity({ value, requestPolicy }, 'c', true)).map((text) =>
    text.replace('c.requestPolicy', 'p'),
  );

test('validateDeviceCapacity divides only what is shared, in one way', () => {
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ default: '1Gi', validValues: ['1Gi', '2Gi'] }), []);
  assert.deepEqual(texts(validateDeviceCapacity({ value: '1', requestPolicy: {} }, 'c', false)), [
    'c.requestPolicy: Forbidden: allowMultipleAllocations must be true',
  ]);
  assert.deepEqual(of({ validValues: ['1'], validRange: { min: '1' } }), [
    'p: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time',
  ]);
  assert.deepEqual(of({ validValues: ['1'] }), [
    'p.default: Required value: required when validValues is defined',
  ]);
  assert.deepEqual(of({ validRange: { min: '1' } }), [
    'p.default: Required value: required when validRange is defined',
  ]);
});

test('validateDeviceCapacity wants amounts in order, once each, with the default among them', () => {
  assert.deepEqual(of({ default: '3Gi', validValues: ['2Gi', '1Gi', '1024Mi', '11Gi'] }), [
    'p.validValues[1]: Invalid value: "1Gi": values must be sorted in ascending order',
    'p.validValues[3]: Invalid value: "11Gi": option is larger than capacity value: 10Gi',
    'p.validValues[2]: Duplicate value: "1073741824"',
    'p.validValues: Invalid value: "3Gi": default value is not valid according to the requestPolicy',
  ]);
  const validValues = Array.from({ length: 11 }, (_, index) => String(index));
  assert.equal(
    of({ default: '1', validValues })[0],
    'p.validValues: Too many: 11: must have at most 10 items',
  );
});

test('validateDeviceCapacity keeps least, default and most in order within what there is', () => {
  const range = (normal: string, validRange: object) =>
    of({ default: normal, validRange: validRange as { min: string } }).map((text) =>
      text.replace('p.validRange.', ''),
    );
  assert.deepEqual(range('2Gi', { min: '1Gi', max: '10Gi', step: '1Gi' }), []);
  assert.deepEqual(range('2Gi', {}), ['min: Required value: required when validRange is defined']);
  assert.deepEqual(range('1Gi', { min: '11Gi', max: '2Gi' }), [
    'min: Invalid value: "11Gi": min is larger than capacity value: 10Gi',
    'default: Invalid value: "1Gi": default is less than min: 11Gi',
    'max: Invalid value: "11Gi": min is larger than max: 2Gi',
  ]);
  assert.deepEqual(range('12Gi', { min: '1Gi', max: '11Gi' }), [
    'max: Invalid value: "11Gi": max is larger than capacity value: 10Gi',
    'default: Invalid value: "12Gi": default is more than max: 11Gi',
  ]);
});

test('validateDeviceCapacity wants amounts whole steps above the least', () => {
  const step = (normal: string, validRange: { min: string; max?: string; step: string }) =>
    of({ default: normal, validRange }).map((text) => text.replace('p.validRange.', ''));
  assert.deepEqual(step('2Gi', { min: '1Gi', step: '0' }), [
    'step: Invalid value: "0": must be greater than zero',
  ]);
  assert.deepEqual(step('1Gi', { min: '1Gi', step: '10Gi' }), [
    'step: Invalid value: "10Gi": one step 11Gi is larger than capacity value: 10Gi',
  ]);
  assert.deepEqual(step('2Gi', { min: '1Gi', max: '4Gi', step: '2Gi' }), [
    'step: Invalid value: "2Gi": value is not a multiple of a given step (2Gi) from (1Gi)',
    'step: Invalid value: "4Gi": value is not a multiple of a given step (2Gi) from (1Gi)',
  ]);
  assert.deepEqual(step('1Gi', { min: '-1Gi', step: '1Gi' }), [
    'min: Invalid value: "-1Gi": must be greater than or equal to 0',
  ]);
});
