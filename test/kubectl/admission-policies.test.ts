/** Admission policies in CEL by the real kubectl: what they refuse, and what a user reads then. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { kubectlOnCluster } from './on-cluster.ts';

const { skip, k, attempt, write } = await kubectlOnCluster();

const PARAM_KIND = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: replicalimits.rules.example.com }
spec:
  group: rules.example.com
  scope: Namespaced
  names: { plural: replicalimits, kind: ReplicaLimit }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { maxReplicas: { type: integer } } } }
`;

function policy(name: string, spec: string): string {
  return `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${name} }
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments] }
${spec}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${name}-binding }
spec:
  policyName: ${name}
`;
}

const LIMIT_BY_CRD = `${policy(
  'replica-limit',
  `  paramKind: { apiVersion: rules.example.com/v1, kind: ReplicaLimit }
  variables: [{ name: limit, expression: params.maxReplicas }]
  validations:
    - expression: object.spec.replicas <= variables.limit
      messageExpression: "'object.spec.replicas must be no greater than ' + string(variables.limit)"`,
)}  validationActions: [Deny]
  paramRef: { name: limit, parameterNotFoundAction: Deny }
---
apiVersion: rules.example.com/v1
kind: ReplicaLimit
metadata: { name: limit }
maxReplicas: 3
`;

const BY_CONFIG_MAP = `${policy(
  'owner-label',
  `  paramKind: { apiVersion: v1, kind: ConfigMap }
  validations:
    - expression: "!has(params.data.label) || (has(object.metadata.labels) && params.data.label in object.metadata.labels)"
      messageExpression: "'the label ' + params.data.label + ' is missing in ' + namespaceObject.metadata.name"
      reason: Forbidden`,
)}  validationActions: [Deny]
  matchResources: { namespaceSelector: { matchLabels: { strict: "yes" } } }
  paramRef: { name: wanted, namespace: default, parameterNotFoundAction: Allow }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: wanted }
data: { label: owner }
`;

const BY_AUTHORIZER = `${policy(
  'breakglass',
  `  matchConditions:
    - { name: not-breakglass, expression: "!authorizer.group('rules.example.com').resource('replicalimits').namespace(request.namespace).check('breakglass').allowed()" }
  validations:
    - { expression: object.spec.replicas < 2, message: only one replica for you }`,
)}  validationActions: [Warn]
  matchResources: { objectSelector: { matchLabels: { app: warned } } }
`;

const MUTATING = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: { name: tier }
spec:
  matchConstraints:
    resourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }
  reinvocationPolicy: Never
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: >-
          Object{metadata: Object.metadata{annotations: {"tier": object.spec.replicas > 1 ? "shared" : "single"}}}
    - patchType: JSONPatch
      jsonPatch:
        expression: >-
          [JSONPatch{op: "add", path: "/spec/minReadySeconds", value: 1}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: { name: tier-binding }
spec: { policyName: tier }
`;

before(async () => {
  if (skip) return;
  await k('apply', '-f', write('params.yaml', PARAM_KIND));
  await k('wait', '--for=condition=Established', 'crd/replicalimits.rules.example.com', '--timeout=10s');
});

const deploy = (name: string, replicas: number, ...more: string[]) =>
  attempt(['create', 'deployment', name, '--image=none', `--replicas=${replicas}`, ...more]);

test('kubectl shows which policy refuses, with params of a custom kind', { skip }, async () => {
  await k('apply', '-f', write('limit.yaml', LIMIT_BY_CRD));
  const refused = await deploy('web', 5);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /ValidatingAdmissionPolicy 'replica-limit' with binding 'replica-limit-binding' denied request: object\.spec\.replicas must be no greater than 3/,
  );
  assert.equal((await deploy('web', 3)).code, 0);
  assert.match((await attempt(['scale', '--replicas=4', 'deployment/web'])).stderr, /no greater than 3/);
  await k('patch', 'replicalimit', 'limit', '--type=merge', '-p', '{"maxReplicas":4}');
  await k('scale', '--replicas=4', 'deployment/web');
});

test('a policy with params of a ConfigMap, for namespaces with a label', { skip }, async () => {
  await k('apply', '-f', write('owner.yaml', BY_CONFIG_MAP));
  await k('create', 'namespace', 'strict');
  await k('label', 'namespace', 'strict', 'strict=yes');
  await k('apply', '-n', 'strict', '-f', write('limit-param.yaml', LIMIT_BY_CRD.split('---').at(-1)!));
  const refused = await deploy('api', 1, '-n', 'strict');
  assert.match(
    refused.stderr,
    /deployments\.apps "api" is forbidden: .*the label owner is missing in strict/,
  );
  assert.equal((await deploy('api', 1)).code, 0);
});

test('a policy that warns, unless the authorizer lets pass', { skip }, async () => {
  await k('apply', '-f', write('breakglass.yaml', BY_AUTHORIZER));
  await k('create', 'role', 'tester', '--verb=*', '--resource=deployments.apps');
  await k('create', 'rolebinding', 'tester', '--role=tester', '--user=jane');
  const warned = await deploy('warned', 2, '--as=jane');
  assert.equal(warned.code, 0);
  assert.match(
    warned.stderr,
    /Warning: Validation failed for ValidatingAdmissionPolicy 'breakglass' with binding 'breakglass-binding': only one replica for you/,
  );
  await k('delete', 'deployment', 'warned');
  assert.doesNotMatch((await deploy('warned', 2)).stderr, /Warning/);
});

test('a mutating policy adds to what kubectl creates', { skip }, async () => {
  await k('apply', '-f', write('tier.yaml', MUTATING));
  await deploy('tiered', 2);
  const shown = await k(
    'get',
    'deployment',
    'tiered',
    '-o',
    'jsonpath={.metadata.annotations.tier} {.spec.minReadySeconds}',
  );
  assert.equal(shown, 'shared 1');
});
