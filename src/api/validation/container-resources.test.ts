import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { validateResources } from './container-resources.ts';

function problems(limits: Record<string, string>, requests: Record<string, string> = limits): string[] {
  return validateResources({ limits, requests }, 'r').map(({ field, message }) => `${field}: ${message}`);
}

test('containers ask for what Kubernetes knows and for what devices offer', () => {
  deepEqual(problems({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', 'example.com/gpu': '2' }), []);
  deepEqual(problems({}, { cpus: '1' }), [
    'r.requests[cpus]: Invalid value: "cpus": must be a standard resource type or fully qualified',
    'r.requests[cpus]: Invalid value: "cpus": must be a standard resource for containers',
  ]);
  deepEqual(problems({ pods: '1' }, {}), [
    'r.limits[pods]: Invalid value: "pods": must be a standard resource for containers',
  ]);
  deepEqual(problems({ 'requests.example.com/gpu': '1' }), [
    'r.limits[requests.example.com/gpu]: Invalid value: "requests.example.com/gpu": ' +
      "doesn't follow extended resource name standard",
    'r.requests[requests.example.com/gpu]: Invalid value: "requests.example.com/gpu": ' +
      "doesn't follow extended resource name standard",
  ]);
});

test('devices are whole, and what is not shared is requested to its limit', () => {
  deepEqual(problems({ 'example.com/gpu': '500m' }, {}), [
    'r.limits[example.com/gpu]: Invalid value: "500m": must be an integer',
  ]);
  deepEqual(problems({ 'example.com/gpu': '2' }, { 'example.com/gpu': '1' }), [
    'r.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
  ]);
  deepEqual(problems({}, { 'example.com/gpu': '1' }), [
    'r.limits: Required value: Limit must be set for non overcommitable resources',
  ]);
  deepEqual(problems({ cpu: '1' }, { cpu: '2' }), [
    'r.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ]);
});

test('huge pages come whole, beside cpu or memory', () => {
  deepEqual(problems({ cpu: '1', 'hugepages-2Mi': '4Mi' }), []);
  deepEqual(problems({ cpu: '1', 'hugepages-2Mi': '3Mi' }, {}), [
    'r.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of 2Mi',
  ]);
  deepEqual(problems({ 'hugepages-2Mi': '4Mi' }), ['r: Forbidden: HugePages require cpu or memory']);
});
