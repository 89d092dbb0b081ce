/** ValidatingAdmissionPolicies through the API, by the examples of Kubernetes' documentation. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessAttributes } from '../../interfaces.ts';
import { CONFIG_MAPS, MERGE, newPolicyServer } from './policies.fixture.ts';

const SMALL = { expression: '!has(object.data.size) || int(object.data.size) <= 5' };

test('a bound policy refuses what breaks it, in upstream words', async () => {
  const { policy, configMap, call } = await newPolicyServer();
  await policy('validating', 'small', { validations: [SMALL] });
  const refused = await configMap({ size: '6' });
  equal(refused.status, 422);
  const why = `ValidatingAdmissionPolicy 'small' with binding 'small' denied request: failed expression: ${SMALL.expression}`;
  equal(refused.value.message, `configmaps "c" is forbidden: ${why}`);
  deepEqual(refused.value.details.causes, [{ message: why }]);
  equal((await configMap({ size: '5' })).status, 201);
  equal((await call('PATCH', `${CONFIG_MAPS}/c`, { data: { size: '7' } }, MERGE)).status, 422);
  equal(
    (await call('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, data: {} })).status,
    201,
  );
});

test('a policy without a binding does nothing', async () => {
  const { policy, configMap } = await newPolicyServer();
  await policy('validating', 'small', { validations: [SMALL] }, { policyName: 'another' });
  equal((await configMap({ size: '6' })).status, 201);
});

test('message, messageExpression and reason are what the client is told', async () => {
  const { policy, configMap } = await newPolicyServer();
  const validation = { ...SMALL, message: 'too large', reason: 'Forbidden' };
  await policy('validating', 'a', {
    validations: [{ ...validation, messageExpression: "'size is ' + object.data.size" }],
  });
  const refused = await configMap({ size: '6' });
  equal(refused.status, 403);
  match(refused.value.message, /denied request: size is 6$/);
  const second = await newPolicyServer();
  await second.policy('validating', 'a', {
    validations: [{ ...validation, messageExpression: 'object.data.nope' }],
  });
  match((await second.configMap({ size: '6' })).value.message, /denied request: too large$/);
});

test('validationActions warn and annotate instead', async () => {
  const { policy, configMap } = await newPolicyServer();
  await policy(
    'validating',
    'small',
    { validations: [{ ...SMALL, message: 'too large' }] },
    { validationActions: ['Warn', 'Audit'] },
  );
  const { status, headers } = await configMap({ size: '6' });
  equal(status, 201);
  equal(
    headers['warning'],
    `299 - "Validation failed for ValidatingAdmissionPolicy 'small' with binding 'small': too large"`,
  );
});

test('variables, oldObject, request and namespaceObject are there', async () => {
  const { policy, configMap, call } = await newPolicyServer();
  const variables = [
    { name: 'keys', expression: 'has(object.data) ? object.data.map(k, k) : []' },
    { name: 'count', expression: 'size(variables.keys)' },
  ];
  const validations = [
    { expression: 'variables.count < 3', messageExpression: "'keys: ' + variables.keys.join(',')" },
    {
      expression:
        "request.operation == 'CREATE' ? oldObject == null : oldObject.metadata.name == object.metadata.name",
    },
    {
      expression:
        "request.userInfo.username == 'admin' && request.resource.resource == 'configmaps' && request.name == 'c'",
    },
    {
      expression:
        "namespaceObject.metadata.name == request.namespace && namespaceObject.metadata.name == 'default'",
    },
  ];
  await policy('validating', 'p', {
    variables,
    validations,
    matchConditions: [{ name: 'not-deleted', expression: "request.operation != 'DELETE'" }],
  });
  match((await configMap({ a: '1', b: '2', c: '3' })).value.message, /denied request: keys: a,b,c$/);
  equal((await configMap({ a: '1' })).status, 201);
  equal((await call('PATCH', `${CONFIG_MAPS}/c`, { data: { d: '1' } }, MERGE)).status, 200);
  equal((await call('DELETE', `${CONFIG_MAPS}/c`)).status, 200);
});

test('deletions are judged by the old object', async () => {
  const { policy, configMap, call } = await newPolicyServer();
  const expression =
    "request.operation != 'DELETE' || !has(oldObject.metadata.labels) || !('keep' in oldObject.metadata.labels)";
  await policy('validating', 'keep', { validations: [{ expression, message: 'is to be kept' }] });
  await configMap({}, { labels: { keep: 'yes' } });
  match((await call('DELETE', `${CONFIG_MAPS}/c`)).value.message, /is to be kept/);
});

test('params come from where the binding says', async () => {
  const { policy, configMap, call } = await newPolicyServer();
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [
      {
        expression: "object.metadata.name == 'limits' || int(object.data.size) <= int(params.data.max)",
        messageExpression: "'at most ' + params.data.max",
      },
    ],
    matchConditions: [{ name: 'not-limits', expression: "object.metadata.name != 'limits'" }],
  };
  await policy('validating', 'limited', spec, {
    paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' },
  });
  match(
    (await configMap({ size: '6' })).value.message,
    /'limited' with binding 'limited' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
  );
  await call('DELETE', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/limited');
  equal((await configMap({ max: '5' }, { name: 'limits', labels: { for: 'sizes' } })).status, 201);
  const selector = { matchLabels: { for: 'sizes' } };
  const binding = {
    policyName: 'limited',
    validationActions: ['Deny'],
    paramRef: { selector, parameterNotFoundAction: 'Allow' },
  };
  await call('POST', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings', {
    metadata: { name: 'b' },
    spec: binding,
  });
  match((await configMap({ size: '6' })).value.message, /denied request: at most 5$/);
  equal((await configMap({ size: '5' })).status, 201);
});

test('authorizer asks what the user may do', async () => {
  const asked: AccessAttributes[] = [];
  const authorizer = {
    authorize(attributes: AccessAttributes) {
      asked.push(attributes);
      return { allowed: attributes.verb !== 'breakglass' };
    },
  };
  const { policy, configMap } = await newPolicyServer({ authorizer });
  const expression =
    "authorizer.group('').resource('configmaps').namespace('default').name('c').check('get').allowed() && authorizer.requestResource.check('breakglass').allowed()";
  await policy('validating', 'p', { validations: [{ expression, message: 'not allowed' }] });
  match((await configMap({})).value.message, /not allowed/);
  const [get, breakglass] = asked.slice(-2);
  deepEqual([get?.verb, get?.resource, get?.namespace, get?.name], ['get', 'configmaps', 'default', 'c']);
  deepEqual(
    [breakglass?.verb, breakglass?.resource, breakglass?.user.username],
    ['breakglass', 'configmaps', 'admin'],
  );
});

test('failurePolicy says what an error of evaluation means', async () => {
  for (const [failurePolicy, status] of [
    ['Fail', 422],
    ['Ignore', 201],
  ] as const) {
    const { policy, configMap } = await newPolicyServer();
    await policy('validating', 'p', { failurePolicy, validations: [{ expression: 'object.nope == 1' }] });
    const answer = await configMap({});
    equal(answer.status, status);
    if (status === 422)
      match(
        answer.value.message,
        /denied request: expression 'object\.nope == 1' resulted in error: no such key: nope$/,
      );
  }
});

test('an expression that would run for ever is an error of evaluation', async () => {
  const { policy, configMap } = await newPolicyServer();
  const list = '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]';
  const nest = (depth: number): string =>
    depth === 0 ? 'true' : `${list}.all(v${depth}, ${nest(depth - 1)})`;
  await policy('validating', 'p', { validations: [{ expression: nest(8) }] });
  match(
    (await configMap({})).value.message,
    /resulted in error: operation cancelled: actual cost limit exceeded$/,
  );
});

test('matchConstraints and matchResources select by rules and labels', async () => {
  const { policy, configMap, call } = await newPolicyServer();
  const rule = { apiGroups: [''], apiVersions: ['*'], operations: ['*'], resources: ['*'] };
  const matchConstraints = {
    resourceRules: [rule],
    excludeResourceRules: [{ ...rule, resources: ['configmaps'], resourceNames: ['free'] }],
    objectSelector: { matchLabels: { judged: 'yes' } },
  };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'default' } };
  await policy(
    'validating',
    'p',
    { matchConstraints, validations: [{ expression: 'false' }] },
    { matchResources: { namespaceSelector } },
  );
  const labels = { judged: 'yes' };
  equal((await configMap({}, { labels })).status, 422);
  equal((await configMap({}, { name: 'free', labels })).status, 201);
  equal((await configMap({})).status, 201);
  const elsewhere = { metadata: { name: 'c', labels } };
  equal((await call('POST', '/api/v1/namespaces/kube-system/configmaps', elsewhere)).status, 201);
});

test('a policy that does not compile is refused', async () => {
  const { call } = await newPolicyServer();
  const url = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  const spec = {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: 'object.a +' }],
    auditAnnotations: [{ key: 'k', valueExpression: '1' }],
  };
  const { status, value } = await call('POST', url, { metadata: { name: 'p' }, spec });
  equal(status, 422);
  match(
    value.message,
    /spec\.validations\[0\]\.expression: Invalid value: "object\.a \+": compilation failed: ERROR: <input>:1:11: Syntax error/,
  );
  match(
    value.message,
    /spec\.auditAnnotations\[0\]\.valueExpression: Invalid value: "1": must evaluate to one of \[string null_type\]/,
  );
  const empty = await call('POST', url, { metadata: { name: 'p' }, spec: {} });
  match(empty.value.message, /spec\.matchConstraints: Required value/);
  match(
    empty.value.message,
    /spec\.validations: Required value: validations or auditAnnotations must contain at least one item/,
  );
  const params = await call('POST', url, {
    metadata: { name: 'p' },
    spec: { ...spec, auditAnnotations: [], validations: [{ expression: 'params.x == 1' }] },
  });
  match(params.value.message, /undeclared reference to 'params'/);
});

test('the status tells which expressions do not fit the kinds that a policy names', async () => {
  const { call } = await newPolicyServer();
  const url = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
  const rule = {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    operations: ['*'],
    resources: ['deployments', 'replicasets'],
  };
  const spec = {
    matchConstraints: { resourceRules: [rule] },
    variables: [{ name: 'replicas', expression: 'object.spec.replicas' }],
    validations: [
      {
        expression:
          'variables.replicas <= 5 && object.metadata.creationTimestamp < timestamp("2050-01-01T00:00:00Z")',
      },
      { expression: 'object.spec.strategy.type == "Recreate"', messageExpression: "'x' + object.spec.nope" },
      { expression: 'object.spec.template.spec.containers.all(c, c.image == 1)' },
    ],
  };
  const { value, status } = await call('POST', url, { metadata: { name: 'p' }, spec });
  equal(status, 201, JSON.stringify(value));
  equal(value.status.observedGeneration, 1);
  const warnings = value.status.typeChecking.expressionWarnings as { fieldRef: string; warning: string }[];
  deepEqual(
    warnings.map(({ fieldRef }) => fieldRef),
    [
      'spec.validations[1].expression',
      'spec.validations[1].messageExpression',
      'spec.validations[2].expression',
    ],
  );
  match(
    warnings[0]!.warning,
    /^apps\/v1, Kind=ReplicaSet: ERROR: <input>:1:12: undefined field 'strategy'\n/,
  );
  match(
    warnings[1]!.warning,
    /^apps\/v1, Kind=Deployment: .*undefined field 'nope'.*apps\/v1, Kind=ReplicaSet: /s,
  );
  match(warnings[2]!.warning, /found no matching overload for '_==_' applied to '\(string, int\)'/);
  const mended = { spec: { validations: [{ expression: 'object.spec.replicas < 5' }] } };
  const { value: after } = await call('PATCH', `${url}/p`, mended, MERGE);
  deepEqual(after.status, { observedGeneration: 2, typeChecking: {} });
});
