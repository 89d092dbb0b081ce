import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems as problemsOf, updateProblems as updateProblemsOf } from './judged.fixture.ts';

const endpoints = (...subsets: object[]) =>
  objectOf('v1', 'Endpoints', { subsets }, { namespace: 'default' });
const WRONG = {
  addresses: [{ ip: '169.254.0.1', hostname: 'A', nodeName: 'a_b' }],
  notReadyAddresses: [{ ip: 'x' }],
  ports: [{ port: 80 }, { name: 'a_b', port: 0, protocol: 'ICMP', appProtocol: 'a b' }],
};

test('validateEndpoints takes addresses with ports and without', () => {
  const right = { addresses: [{ ip: '10.0.0.1', hostname: 'a', nodeName: 'n' }], ports: [{ port: 80 }] };
  assert.deepEqual(problemsOf(endpoints(right, { notReadyAddresses: [{ ip: 'fd00::1' }] })), []);
});

test('validateEndpoints refuses what no endpoint can be', () => {
  assert.deepEqual(problemsOf(endpoints({ ports: [{ port: 80 }] })), [
    'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
  ]);
  const listed = problemsOf(endpoints(WRONG));
  assert.deepEqual(
    listed.map((text) => text.split(': ').slice(0, 2).join(': ')),
    [
      'subsets[0].addresses[0].hostname: Invalid value',
      'subsets[0].addresses[0].nodeName: Invalid value',
      'subsets[0].addresses[0].ip: Invalid value',
      'subsets[0].notReadyAddresses[0].ip: Invalid value',
      'subsets[0].ports[0].name: Required value',
      'subsets[0].ports[1].name: Invalid value',
      'subsets[0].ports[1].port: Invalid value',
      'subsets[0].ports[1].protocol: Unsupported value',
      'subsets[0].ports[1].appProtocol: Invalid value',
    ],
  );
});

test('validateEndpointsUpdate lets subsets be that stay as they were', () => {
  assert.deepEqual(updateProblemsOf(endpoints(WRONG), endpoints(WRONG)), []);
  assert.notDeepEqual(updateProblemsOf(endpoints(WRONG, WRONG), endpoints(WRONG)), []);
});
