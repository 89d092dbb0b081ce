/** Flow schemas and priority levels by the real kubectl. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../tools/eventually.ts';
import { kubectlOnServer } from './server-only.ts';

const { skip, k, kIn, refused } = await kubectlOnServer();

const LEVEL = `
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: reports}
spec:
  type: Limited
  limited:
    nominalConcurrencyShares: 5
    limitResponse: {type: Queue, queuing: {queues: 16, handSize: 4}}
`;
const SCHEMA = `
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: reports}
spec:
  matchingPrecedence: 1500
  priorityLevelConfiguration: {name: reports}
  distinguisherMethod: {type: ByUser}
  rules:
  - subjects: [{kind: User, user: {name: reporter}}]
    nonResourceRules: [{verbs: ["*"], nonResourceURLs: ["*"]}]
    resourceRules: [{verbs: [list], apiGroups: ["*"], resources: ["*"], namespaces: ["*"]}]
`;

test('kubectl get shows flow schemas in the order in which they are asked, and priority levels', {
  skip,
}, async () => {
  await eventually(async () => {
    assert.doesNotMatch(await k('get', 'flowschemas'), /\?|True/);
  });
  const schemas = (await k('get', 'flowschemas')).split('\n').map((line) => line.split(/\s+/));
  assert.deepEqual(schemas[0], [
    'NAME',
    'PRIORITYLEVEL',
    'MATCHINGPRECEDENCE',
    'DISTINGUISHERMETHOD',
    'AGE',
    'MISSINGPL',
  ]);
  assert.deepEqual(
    schemas
      .slice(1)
      .map(
        ([name, level, precedence, method, , missing]) =>
          `${name} ${level} ${precedence} ${method} ${missing}`,
      ),
    [
      'exempt exempt 1 <none> False',
      'probes exempt 2 <none> False',
      'system-leader-election leader-election 100 ByUser False',
      'system-node-high node-high 400 ByUser False',
      'system-nodes system 500 ByUser False',
      'kube-controller-manager workload-high 800 ByNamespace False',
      'kube-scheduler workload-high 800 ByNamespace False',
      'kube-system-service-accounts workload-high 900 ByNamespace False',
      'service-accounts workload-low 9000 ByUser False',
      'global-default global-default 9900 ByUser False',
      'catch-all catch-all 10000 ByUser False',
    ],
  );
  const levels = (await k('get', 'prioritylevelconfigurations')).split('\n').map((line) => line.split(/\s+/));
  assert.deepEqual(levels[0], [
    'NAME',
    'TYPE',
    'NOMINALCONCURRENCYSHARES',
    'QUEUES',
    'HANDSIZE',
    'QUEUELENGTHLIMIT',
    'AGE',
  ]);
  assert.deepEqual(levels.find(([name]) => name === 'workload-low')?.slice(1, 6), [
    'Limited',
    '100',
    '128',
    '6',
    '50',
  ]);
  assert.deepEqual(levels.find(([name]) => name === 'catch-all')?.slice(1, 6), [
    'Limited',
    '5',
    '<none>',
    '<none>',
    '<none>',
  ]);
});

test('a user is classified by what kubectl applies, and the metrics show it', { skip }, async () => {
  await kIn(SCHEMA, 'apply', '-f', '-');
  const missing = () =>
    k('get', 'flowschema', 'reports', '-o', 'jsonpath={.status.conditions[?(@.type=="Dangling")].status}');
  await eventually(async () => assert.equal(await missing(), 'True'));
  await kIn(LEVEL, 'apply', '-f', '-');
  await eventually(async () => assert.equal(await missing(), 'False'));
  const version = await k('--as=reporter', '--as-group=system:authenticated', 'get', '--raw', '/version');
  assert.match(version, /gitVersion/);
  const metrics = await k('get', '--raw', '/metrics');
  const flow = 'priority_level="reports",flow_schema="reports"';
  assert.ok(
    metrics.includes(`apiserver_flowcontrol_dispatched_requests_total{${flow}} 1\n`),
    'one request was of it',
  );
  // 600 seats, 250 shares.
  assert.ok(metrics.includes('apiserver_flowcontrol_nominal_limit_seats{priority_level="reports"} 12\n'));
  assert.match(
    await k('get', '--raw', '/debug/api_priority_and_fairness/dump_priority_levels'),
    /^reports, +0, +true, +false, +0, +0$/m,
  );
});

test('kubectl is told in upstream words what cannot be', { skip }, async () => {
  assert.match(
    await refused(
      'patch',
      'flowschema',
      'catch-all',
      '--type=merge',
      '-p',
      '{"spec":{"matchingPrecedence":9999}}',
    ),
    /^The FlowSchema "catch-all" is invalid: spec: Invalid value: .*: spec of 'catch-all' must equal the fixed value$/,
  );
});
