import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedApiServer } from '../../simulation/sim-api-server.ts';
import type { AccessAttributes } from '../interfaces.ts';

const ACCESS = '/apis/authorization.k8s.io/v1';
const IDENTITY = '/apis/authentication.k8s.io/v1';

test('reviews that cannot be answered are refused in upstream’s words', async () => {
  const { call } = await newSimulatedApiServer();
  const nobody = await call('POST', `${ACCESS}/subjectaccessreviews`, {
    spec: { resourceAttributes: { verb: 'get' } },
  });
  assert.equal(nobody.status, 422);
  assert.equal(
    nobody.value.message,
    '.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
  );
  const elsewhere = await call('POST', `${ACCESS}/namespaces/default/localsubjectaccessreviews`, {
    spec: { user: 'eve', resourceAttributes: { namespace: 'other', verb: 'get' } },
  });
  assert.match(
    elsewhere.value.message,
    /spec\.resourceAttributes\.namespace: Invalid value: "other": must match metadata\.namespace$/,
  );
  const misplaced = await call('POST', `${ACCESS}/namespaces/default/localsubjectaccessreviews`, {
    metadata: { namespace: 'other' },
    spec: {},
  });
  assert.equal(misplaced.status, 400);
  const noToken = await call('POST', `${IDENTITY}/tokenreviews`, { spec: {} });
  assert.equal(noToken.status, 400);
  assert.equal(noToken.value.message, 'token is required for TokenReview in authentication');
  const noNamespace = await call('POST', `${ACCESS}/selfsubjectrulesreviews`, { spec: {} });
  assert.equal(noNamespace.value.message, 'no namespace on request');
});

test('reviews of lists ask the authorizer with the selector, and say what of it was ignored', async () => {
  const asked: (string | undefined)[] = [];
  const { call } = await newSimulatedApiServer({
    authorizer: {
      authorize: ({ fieldSelector, resource }: AccessAttributes) => {
        if (resource === 'asked') asked.push(fieldSelector);
        return { allowed: true };
      },
    },
  });
  const requirements = [
    { key: 'spec.nodeName', operator: 'In', values: ['n1'] },
    { key: 'spec.nodeName', operator: 'Newer' },
  ];
  const { value } = await call('POST', `${ACCESS}/selfsubjectaccessreviews`, {
    spec: { resourceAttributes: { verb: 'list', resource: 'asked', fieldSelector: { requirements } } },
  });
  assert.deepEqual(asked, ['spec.nodeName=n1']);
  assert.deepEqual(value.status, {
    allowed: true,
    evaluationError: 'spec.resourceAttributes.fieldSelector partially ignored due to parse error',
  });
});
