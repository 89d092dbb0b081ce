import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfUpdate, texts } from './problems.fixture.ts';
import { validateSubresource } from './validate.ts';

const GROUP = 'admissionregistration.k8s.io/v1';
const RULE = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] };
const VALIDATIONS = [{ expression: "object.metadata.name !=\n'x'" }];

const policyProblems = (spec: object) =>
  problemsOf(
    objectOf(GROUP, 'ValidatingAdmissionPolicy', {
      spec: { matchConstraints: { resourceRules: [RULE] }, validations: VALIDATIONS, ...spec },
    }),
  );
const matchProblems = (match: object) =>
  policyProblems({ matchConstraints: { resourceRules: [RULE], ...match } });
const bindingProblems = (spec: object) =>
  problemsOf(
    objectOf(GROUP, 'ValidatingAdmissionPolicyBinding', {
      spec: { policyName: 'p', validationActions: ['Deny'], ...spec },
    }),
  );

test('validateValidatingPolicy takes an expression of several lines without a message', () => {
  assert.deepEqual(policyProblems({}), []);
  assert.deepEqual(
    policyProblems({ validations: [{ expression: 'true', message: 'a\rb', reason: 'Unauthorized' }] }),
    [
      'spec.validations[0].message: Invalid value: "a\\rb": must not contain line breaks',
      'spec.validations[0].reason: Unsupported value: "Unauthorized": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ],
  );
});

test('validateValidatingPolicy looks at selectors and names of what it matches', () => {
  const selector = { matchExpressions: [{ key: 'a', operator: 'In' }] };
  assert.deepEqual(
    matchProblems({ namespaceSelector: selector, objectSelector: selector, matchPolicy: 'Odd' }),
    [
      'spec.matchConstraints.matchPolicy: Unsupported value: "Odd": supported values: "Equivalent", "Exact"',
      ...['namespaceSelector', 'objectSelector'].map(
        (part) =>
          `spec.matchConstraints.${part}.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      ),
    ],
  );
  const named = { ...RULE, resourceNames: ['a', 'a', 'b/c'], resources: ['*', 'pods'] };
  assert.deepEqual(matchProblems({ excludeResourceRules: [named] }), [
    'spec.matchConstraints.excludeResourceRules[0].resourceNames[1]: Duplicate value: "a"',
    `spec.matchConstraints.excludeResourceRules[0].resourceNames[2]: Invalid value: "b/c": may not contain '/'`,
    `spec.matchConstraints.excludeResourceRules[0].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
  ]);
});

test('validateValidatingPolicy reads the kind of its parameters', () => {
  const ofKind = (apiVersion: string, kind: string) => policyProblems({ paramKind: { apiVersion, kind } });
  assert.deepEqual(ofKind('v1', 'ConfigMap'), []);
  assert.deepEqual(ofKind('a/b/c', ''), [
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    'spec.paramKind.kind: Required value',
  ]);
  assert.deepEqual(ofKind('a/', 'ConfigMap'), [
    'spec.paramKind.apiVersion: Invalid value: "a/": version must be specified',
  ]);
  const [group, kind] = ofKind('A/v1', 'Config_Map');
  assert.match(group!, /^spec\.paramKind\.apiVersion: Invalid value: "A": a lowercase RFC 1123 subdomain/);
  assert.match(kind!, /^spec\.paramKind\.kind: Invalid value: "Config_Map": may have mixed case, but should/);
});

test('validateValidatingPolicy takes few audit annotations, by keys that fit behind its name', () => {
  const annotation = { key: 'a', valueExpression: "'x'" };
  assert.deepEqual(policyProblems({ auditAnnotations: [annotation] }), []);
  const [problem] = policyProblems({ auditAnnotations: [{ ...annotation, key: 'b c' }] });
  assert.match(
    problem!,
    /^spec\.auditAnnotations\[0\]\.key: Invalid value: "x\/b c": name part must consist/,
  );
  const many = Array.from({ length: 21 }, (_, index) => ({ ...annotation, key: `a${index}` }));
  assert.match(
    policyProblems({ auditAnnotations: many })[0]!,
    /must not have more than 20 auditAnnotations$/,
  );
  const long = { key: 'a', valueExpression: `'${'x'.repeat(5 * 1024)}'` };
  assert.deepEqual(policyProblems({ auditAnnotations: [long, annotation] }), [
    'spec.auditAnnotations[0].valueExpression: Required value: must not exceed 5120 bytes in length',
    'spec.auditAnnotations[1].key: Duplicate value: "a"',
  ]);
});

test('validateValidatingBinding says which policy, which parameters and what to do', () => {
  assert.deepEqual(bindingProblems({ paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } }), []);
  assert.deepEqual(bindingProblems({ validationActions: [] }), [
    'spec.validationActions: Required value: at least one validation action is required',
  ]);
  assert.match(
    bindingProblems({ policyName: 'A' })[0]!,
    /^spec\.policyName: Invalid value: "A": a lowercase RFC/,
  );
  const paramRef = { name: 'a/b', selector: {}, parameterNotFoundAction: 'Maybe' };
  assert.deepEqual(bindingProblems({ paramRef }), [
    `spec.paramRef.name: Invalid value: "a/b": may not contain '/'`,
    'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
    'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
    'spec.paramRef.parameterNotFoundAction: Unsupported value: "Maybe": supported values: "Deny", "Allow"',
  ]);
  assert.deepEqual(bindingProblems({ paramRef: {} }), [
    'spec.paramRef: Required value: one of name or selector must be specified',
  ]);
});

const mutatingPolicy = (spec: object) =>
  objectOf(GROUP, 'MutatingAdmissionPolicy', {
    spec: {
      matchConstraints: { resourceRules: [RULE] },
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }],
      reinvocationPolicy: 'Never',
      ...spec,
    },
  });

test('validateMutatingPolicy wants the patch of its type and no other, and nothing of deletions', () => {
  const at = 'spec.mutations[0]';
  const ofMutation = (mutation: object) => problemsOf(mutatingPolicy({ mutations: [mutation] }));
  assert.deepEqual(ofMutation({ patchType: 'ApplyConfiguration', jsonPatch: { expression: '[]' } }), [
    `${at}.applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration`,
    `${at}.jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration`,
  ]);
  assert.deepEqual(ofMutation({ patchType: 'JSONPatch', jsonPatch: { expression: ' ' } }), [
    `${at}.jsonPatch.expression: Required value`,
  ]);
  const rule = { ...RULE, operations: ['CREATE', 'DELETE'] };
  assert.deepEqual(problemsOf(mutatingPolicy({ matchConstraints: { resourceRules: [rule] } })), [
    'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
  ]);
});

test('validateValidatingPolicy leaves stored expressions that do not compile, and no others', () => {
  const policyOf = (spec: object) =>
    objectOf(GROUP, 'ValidatingAdmissionPolicy', {
      spec: { matchConstraints: { resourceRules: [RULE] }, validations: VALIDATIONS, ...spec },
    });
  const broken = { expression: 'object.' };
  const matchConditions = [{ name: '-', expression: '1' }];
  const stored = policyOf({ validations: [broken], matchConditions });
  const moved = policyOf({ validations: [...VALIDATIONS, broken], matchConditions });
  assert.deepEqual(problemsOfUpdate(moved, stored), []);
  const changed = policyOf({ validations: [{ expression: 'object..' }], matchConditions });
  assert.match(
    problemsOfUpdate(changed, stored).join(),
    /^spec\.validations\[0\]\.expression: Invalid value: "object\.\."/,
  );
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const withParams = policyOf({ paramKind, matchConditions: [{ name: 'a', expression: 'params == null' }] });
  const without = policyOf({ matchConditions: [{ name: 'a', expression: 'params == null' }] });
  assert.deepEqual(problemsOfUpdate(withParams, withParams), []);
  assert.match(problemsOfUpdate(without, withParams).join(), /^spec\.matchConditions\[0\]\.expression/);
});

test('validatePolicyStatus wants warnings that say what of, and whole conditions', () => {
  const policyWith = (status: object) => objectOf(GROUP, 'ValidatingAdmissionPolicy', { spec: {}, status });
  const problems = (status: object) =>
    texts(validateSubresource('status', policyWith(status), policyWith({})));
  const warning = { fieldRef: 'spec.validations[0].expression', warning: 'odd' };
  assert.deepEqual(problems({ typeChecking: { expressionWarnings: [warning] } }), []);
  const at = 'status.typeChecking.expressionWarnings[0]';
  for (const empty of [{}, { fieldRef: ' ' }])
    assert.deepEqual(problems({ typeChecking: { expressionWarnings: [empty] } }), [
      `${at}.warning: Required value`,
      `${at}.fieldRef: Required value`,
    ]);
  assert.deepEqual(problems({ conditions: [{ type: 'Ready', status: 'True', reason: 'Fine' }] }), [
    'status.conditions[0].lastTransitionTime: Required value: must be set',
  ]);
});
