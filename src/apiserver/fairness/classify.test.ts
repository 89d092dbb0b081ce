import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { MANDATORY_FLOW_SCHEMAS, SUGGESTED_FLOW_SCHEMAS } from '../../api/flow-control/bootstrap.ts';
import type { FlowSchema, FlowSchemaSpec } from '../../api/generated/flowcontrol-v1.ts';
import type { ApiRequest, UserInfo } from '../../api/message.ts';
import { parseRequest } from '../route.ts';
import { FlowClassifier } from './classify.ts';

function schema(name: string, spec: FlowSchemaSpec): { schema: FlowSchema } {
  return { schema: { metadata: { name }, spec } as FlowSchema };
}

const STARTING = [...SUGGESTED_FLOW_SCHEMAS, ...MANDATORY_FLOW_SCHEMAS].map(({ name, spec }) =>
  schema(name, spec),
);

function user(username: string, ...groups: string[]): UserInfo {
  return { username, groups: [...groups, 'system:authenticated'] };
}

function classified(who: UserInfo, method: ApiRequest['method'], url: string, schemas = STARTING): string {
  const [path = '', query = ''] = url.split('?');
  const info = parseRequest({ method, path, query: new URLSearchParams(query) });
  return new FlowClassifier(schemas).classify(info, who).schema.metadata.name;
}

const NODE = user('system:node:a', 'system:nodes');
const ACCOUNTS = ['system:serviceaccounts', 'system:serviceaccounts:kube-system'];
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a';
const PODS = '/api/v1/namespaces/default/pods';

test('FlowClassifier sends everybody of a new cluster where upstream does', () => {
  equal(classified(user('admin', 'system:masters'), 'GET', PODS), 'exempt');
  equal(classified(user('alice'), 'GET', '/healthz'), 'probes');
  equal(classified(user('alice'), 'GET', '/livez/etcd'), 'probes');
  equal(classified(user('alice'), 'GET', '/version'), 'global-default');
  equal(classified(NODE, 'PUT', LEASE), 'system-node-high');
  equal(classified(NODE, 'PATCH', '/api/v1/nodes/a/status'), 'system-node-high');
  equal(classified(NODE, 'PATCH', `${PODS}/x/status`), 'system-nodes');
  const manager = user('system:kube-controller-manager');
  equal(
    classified(manager, 'PUT', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/k'),
    'system-leader-election',
  );
  equal(classified(manager, 'GET', '/api/v1/pods?watch=1'), 'kube-controller-manager');
  equal(classified(user('system:kube-scheduler'), 'GET', PODS), 'kube-scheduler');
  equal(
    classified(user('system:serviceaccount:kube-system:x', ...ACCOUNTS), 'GET', PODS),
    'kube-system-service-accounts',
  );
  equal(
    classified(user('system:serviceaccount:kube-systems:x', 'system:serviceaccounts'), 'GET', PODS),
    'service-accounts',
  );
  equal(classified(user('alice'), 'GET', PODS), 'global-default');
  equal(
    classified({ username: 'system:anonymous', groups: ['system:unauthenticated'] }, 'GET', PODS),
    'global-default',
  );
  equal(classified({ username: 'nobody', groups: [] }, 'GET', PODS), 'catch-all');
});

test('FlowClassifier asks in the order of precedence, and of equals by name', () => {
  const spec = (matchingPrecedence: number, resources: string[], namespaces?: string[]): FlowSchemaSpec => ({
    priorityLevelConfiguration: { name: 'x' },
    matchingPrecedence,
    rules: [
      {
        subjects: [{ kind: 'User', user: { name: '*' } }],
        resourceRules: [
          {
            verbs: ['*'],
            apiGroups: ['*'],
            resources,
            clusterScope: true,
            ...(namespaces && { namespaces }),
          },
        ],
      },
    ],
  });
  const schemas = [
    ...STARTING,
    schema('b', spec(50, ['pods'], ['*'])),
    schema('a', spec(50, ['pods', 'pods/status'], ['default'])),
    schema('c', spec(40, ['pods/status'])),
  ];
  const as = (method: ApiRequest['method'], url: string) => classified(user('alice'), method, url, schemas);
  equal(as('GET', PODS), 'a');
  equal(as('GET', '/api/v1/namespaces/other/pods'), 'b');
  equal(as('PUT', `${PODS}/x/status`), 'a');
  equal(as('GET', '/api/v1/pods'), 'a');
  equal(as('GET', '/api/v1/nodes'), 'global-default');
});
