import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitRange, LimitRangeItem } from '../generated/core-v1.ts';
import { validateLimitRange } from './limit-range.ts';

interface Case {
  limits: LimitRangeItem[];
  expected: string[];
}

const CASES: readonly Case[] = [
  {
    limits: [
      {
        type: 'Container',
        min: { cpu: '100m' },
        max: { cpu: '2' },
        default: { cpu: '1' },
        defaultRequest: { cpu: '500m' },
        maxLimitRequestRatio: { cpu: '20' },
      },
      { type: 'Pod', max: { cpu: '4' } },
      { type: 'PersistentVolumeClaim', min: { storage: '1Gi' } },
      { type: 'example.com/thing', max: { cpu: '4' } },
    ],
    expected: [],
  },
  {
    limits: [{ type: 'Node' }, { type: 'Pod' }, { type: 'Pod', default: { cpu: '1' } }],
    expected: [
      'spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified',
      'spec.limits[2].type: Duplicate value: "Pod"',
      "spec.limits[2].default: Forbidden: may not be specified when `type` is 'Pod'",
    ],
  },
  {
    limits: [{ type: 'PersistentVolumeClaim' }],
    expected: [
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
  },
  {
    limits: [
      {
        type: 'Container',
        min: { cpu: '3' },
        max: { cpu: '1500m' },
        default: { cpu: '2' },
        defaultRequest: { cpu: '2500m' },
      },
    ],
    expected: [
      'spec.limits[0].min[cpu]: Invalid value: "3": min value 3 is greater than max value 1500m',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2500m": min value 3 is greater than default request value 2500m',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2500m": default request value 2500m is greater than max value 1500m',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2500m": default request value 2500m is greater than default limit value 2',
      'spec.limits[0].default[cpu]: Invalid value: "3": min value 3 is greater than default value 2',
      'spec.limits[0].default[cpu]: Invalid value: "1500m": default value 2 is greater than max value 1500m',
    ],
  },
  {
    limits: [
      {
        type: 'Container',
        min: { cpu: '1' },
        max: { cpu: '3' },
        maxLimitRequestRatio: { cpu: '3500m', memory: '500m' },
      },
    ],
    expected: [
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3500m": ratio 3500m is greater than max/min = 3.000000',
      'spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "500m": ratio 500m is less than 1',
    ],
  },
  {
    limits: [
      {
        type: 'Container',
        default: { 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi' },
        defaultRequest: { 'example.com/gpu': '1', 'hugepages-2Mi': '4Mi' },
      },
    ],
    expected: [
      'spec.limits[0].defaultRequest[example.com/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in example.com/gpu',
    ],
  },
];

for (const [index, { limits, expected }] of CASES.entries()) {
  test(`validateLimitRange, case ${index}: ${expected[0] ?? 'valid'}`, () => {
    const range = { apiVersion: 'v1', kind: 'LimitRange', spec: { limits } } as LimitRange;
    deepEqual(
      validateLimitRange(range).map(({ field, message }) => `${field}: ${message}`),
      expected,
    );
  });
}
