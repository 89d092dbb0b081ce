import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SubjectAccessReview,
} from '../generated/authorization-v1.ts';
import { validateAccessReview, validateLocalAccessReview, validateOwnAccessReview } from './access-review.ts';
import { texts } from './problems.fixture.ts';

const RESOURCE = { verb: 'list', resource: 'pods' };

function reviewOf(spec: object, metadata: object = {}): SubjectAccessReview {
  return { metadata, spec } as unknown as SubjectAccessReview;
}

function ownProblems(spec: object, metadata?: object): string[] {
  return texts(validateOwnAccessReview(reviewOf(spec, metadata) as unknown as SelfSubjectAccessReview));
}

test('validateAccessReview wants somebody, and a resource or a path', () => {
  const problems = (spec: object) => texts(validateAccessReview(reviewOf(spec)));
  assert.deepEqual(problems({ user: 'eve', resourceAttributes: RESOURCE }), []);
  assert.deepEqual(problems({ groups: ['dev'], nonResourceAttributes: { path: '/', verb: 'get' } }), []);
  assert.deepEqual(problems({}), [
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    'spec.user: Invalid value: "": at least one of user or group must be specified',
  ]);
  assert.deepEqual(
    problems({ user: 'eve', resourceAttributes: RESOURCE, nonResourceAttributes: { path: '/' } }),
    [
      'spec.nonResourceAttributes: Invalid value: {"path":"/"}: cannot be specified in combination with resourceAttributes',
    ],
  );
});

test('validateOwnAccessReview refuses metadata but for what the server writes', () => {
  const spec = { resourceAttributes: RESOURCE };
  assert.deepEqual(ownProblems(spec, { labels: {}, name: '', managedFields: [{}] }), []);
  assert.deepEqual(ownProblems(spec, { name: 'x' }), [
    'metadata: Invalid value: {"name":"x"}: must be empty',
  ]);
});

test('validateOwnAccessReview takes a selector as text or as requirements, and operators of newer clients', () => {
  const withSelectors = (selectors: object) =>
    ownProblems({ resourceAttributes: { ...RESOURCE, ...selectors } });
  const newer = { requirements: [{ key: 'a', operator: 'Newer', values: ['b'] }] };
  assert.deepEqual(withSelectors({ fieldSelector: newer, labelSelector: newer }), []);
  assert.deepEqual(withSelectors({ fieldSelector: { rawSelector: 'x' }, labelSelector: {} }), [
    'spec.resourceAttributes.labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required',
  ]);
  assert.deepEqual(withSelectors({ labelSelector: { rawSelector: 'x', ...newer } }), [
    'spec.resourceAttributes.labelSelector.rawSelector: Invalid value: "x": may not specified at the same time as requirements',
  ]);
});

test('validateOwnAccessReview judges the requirements of selectors', () => {
  const requirements = [{ operator: 'In' }, { key: 'a', operator: 'Exists', values: ['b'] }];
  const at = 'spec.resourceAttributes.fieldSelector.requirements';
  assert.deepEqual(ownProblems({ resourceAttributes: { ...RESOURCE, fieldSelector: { requirements } } }), [
    `${at}[0].key: Required value: must be specified`,
    `${at}[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
    `${at}[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
  ]);
  const labelSelector = { requirements: [{ key: 'a', operator: 'In', values: ['-'] }] };
  const [problem] = ownProblems({ resourceAttributes: { ...RESOURCE, labelSelector } });
  assert.match(
    problem!,
    /^spec\.resourceAttributes\.labelSelector\.requirements\[0\]\.values\[0\]: Invalid value: "-"/,
  );
});

test('validateLocalAccessReview keeps to resources of its namespace', () => {
  const problems = (spec: object, metadata: object = { namespace: 'here' }) =>
    texts(
      validateLocalAccessReview(
        reviewOf({ user: 'eve', ...spec }, metadata) as unknown as LocalSubjectAccessReview,
        'here',
      ),
    );
  assert.deepEqual(problems({ resourceAttributes: { ...RESOURCE, namespace: 'here' } }), []);
  assert.deepEqual(problems({ resourceAttributes: RESOURCE }), [
    'spec.resourceAttributes.namespace: Invalid value: "": must match metadata.namespace',
  ]);
  assert.deepEqual(problems({ nonResourceAttributes: { path: '/' } }), [
    'spec.nonResourceAttributes: Invalid value: {"path":"/"}: disallowed on this kind of request',
  ]);
  const named = problems(
    { resourceAttributes: { namespace: 'here' } },
    { namespace: 'here', generateName: 'x' },
  );
  assert.deepEqual(named, [
    'metadata: Invalid value: {"namespace":"here","generateName":"x"}: must be empty except for namespace',
  ]);
});
