import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseScenario } from './parse-scenario.ts';
import { ScenarioError } from './read.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'web', image: 'web' }] },
};

/** The message about a scenario that is right but for `change`. */
function messageOf(change: object, readFile?: (path: string) => string): string {
  const value = { name: 'x', cluster: { nodes: 2 }, duration: '10m', ...change };
  const options = readFile === undefined ? {} : { readFile };
  try {
    parseScenario(value as never, 'x.yaml', options);
  } catch (error) {
    assert.ok(error instanceof ScenarioError, String(error));
    return error.message;
  }
  return 'no error';
}

const stepMessage = (step: object) => messageOf({ steps: [step] });
const expectMessage = (expectation: object) => messageOf({ expect: [expectation] });

test('parseScenario says what is wrong with the head of a scenario, and where', () => {
  assert.equal(messageOf({}), 'no error');
  assert.equal(messageOf({ name: undefined }), 'x.yaml: name: is missing');
  assert.equal(
    messageOf({ duration: 600 }),
    'x.yaml: duration: must be a duration such as 30s or 1m30s, not 600',
  );
  assert.equal(
    messageOf({ duration: '10 minutes' }),
    'x.yaml: duration: must be a duration such as 30s or 1m30s, not "10 minutes"',
  );
  assert.equal(messageOf({ expects: [] }), 'x.yaml: there is no field "expects"; did you mean "expect"?');
  assert.equal(messageOf({ steps: {} }), 'x.yaml: steps: must be a list, not {}');
  assert.equal(
    messageOf({ heal: { within: 5 } }),
    'x.yaml: heal.within: must be a duration such as 30s or 1m30s, not 5',
  );
});

test('parseScenario says what is wrong with a cluster', () => {
  const clusterMessage = (cluster: object) => messageOf({ cluster });
  assert.equal(
    clusterMessage({ nodes: 0 }),
    'x.yaml: cluster.nodes: must be a whole number of at least 1, not 0',
  );
  assert.equal(
    clusterMessage({ nodes: [{ name: 'a' }, { name: 'a' }] }),
    'x.yaml: cluster.nodes: there are two nodes "a"',
  );
  assert.equal(
    clusterMessage({ nodes: [{ name: 'a', capacity: { cpu: 'many' } }] }),
    'x.yaml: cluster.nodes[0].capacity["cpu"]: "many" is no quantity',
  );
  assert.equal(
    clusterMessage({ controllers: 'appart' }),
    'x.yaml: cluster.controllers: must be one of in-server, apart, not "appart"; did you mean "apart"?',
  );
});

test('parseScenario says what is wrong with a step', () => {
  assert.equal(
    stepMessage({ at: '1s', fault: 'power-of', machine: 'node-1' }),
    'x.yaml: steps[0].fault: there is no fault "power-of"; did you mean "power-off"?',
  );
  assert.match(
    stepMessage({ at: '1s', fault: 'power-off', machine: 'node-7' }),
    /^x\.yaml: steps\[0\]\.machine: must be the name of a machine, not "node-7"; there are: control-plane, node-1, node-2$/,
  );
  assert.match(
    stepMessage({ at: '1s', fault: 'power-off', machine: 'node-1', wrong: 1 }),
    /^x\.yaml: steps\[0\]: unknown parameter "wrong"; there are: machine$/,
  );
  assert.equal(
    stepMessage({ at: '1s', scael: 'deploy/web' }),
    'x.yaml: steps[0]: there is no action "scael"; did you mean "scale"?',
  );
  assert.equal(stepMessage({ at: '1s', scale: 'deploy/web' }), 'x.yaml: steps[0].replicas: is missing');
  assert.equal(
    stepMessage({ at: '1s', scale: 'deploy/web', replicas: '3' }),
    'x.yaml: steps[0].replicas: must be a whole number of at least 0, not "3"',
  );
  assert.equal(
    stepMessage({ at: '1s', cordon: 'node-3' }),
    'x.yaml: steps[0].cordon: there is no node "node-3"; did you mean "node-1"?',
  );
  assert.equal(
    stepMessage({ at: '1s', delete: 'pood/web' }),
    'x.yaml: steps[0].delete: there is no kind "pood"; did you mean "pod"?',
  );
  assert.equal(
    stepMessage({ at: '1s', delete: 'pod' }),
    'x.yaml: steps[0].delete: "pod" must be KIND/NAME or KIND/NAMESPACE/NAME',
  );
  assert.equal(
    stepMessage({ at: '1s', evict: 'node/node-1' }),
    'x.yaml: steps[0].evict: must be a Pod, such as pod/web, not node/node-1',
  );
  assert.equal(
    stepMessage({ at: '1s', cordon: 'node-1', drain: 'node-1' }),
    'x.yaml: steps[0]: does two things: cordon and drain',
  );
  assert.equal(stepMessage({ delete: 'pod/web' }), 'x.yaml: steps[0].at: is missing');
});

test('parseScenario says what is wrong with a program', () => {
  assert.equal(
    messageOf({ programs: { web: { runs: [{ exit: { afer: '5s', code: 1 } }] } } }),
    'x.yaml: programs.web.runs[0].exit: there is no field "afer"; did you mean "after"?',
  );
});

test('parseScenario refuses times that run backwards, or after the end', () => {
  const drain = { drain: 'node-1' };
  assert.equal(
    messageOf({
      steps: [
        { at: '1m', ...drain },
        { at: '59s', ...drain },
      ],
    }),
    'x.yaml: steps[1].at: 59s is before the step above it, at 1m0s',
  );
  assert.equal(
    messageOf({ steps: [{ at: '11m', ...drain }] }),
    'x.yaml: steps[0].at: 11m0s is after the end of the scenario, which lasts 10m0s',
  );
  const gone = { object: 'pod/web', exists: false };
  assert.equal(
    expectMessage({ ...gone, at: '1h' }),
    'x.yaml: expect[0]: 1h0m0s is after the end of the scenario, which lasts 10m0s',
  );
  assert.equal(
    expectMessage({ ...gone, within: ['20s', '10s'] }),
    'x.yaml: expect[0].within: runs backwards',
  );
  assert.equal(messageOf({ swarm: { count: 1, from: '2m', until: '1m' } }), 'x.yaml: swarm: runs backwards');
});

test('parseScenario refuses a manifest that the API would refuse, in the words of the API', () => {
  const manifestMessage = (manifest: object) => messageOf({ manifests: [{ ...POD, ...manifest }] });
  assert.equal(manifestMessage({}), 'no error');
  assert.match(
    manifestMessage({ spec: { containers: [] } }),
    /^x\.yaml: manifests\[0\]: pod\/web: the API would refuse it: Pod "web" is invalid: spec\.containers: Required value/,
  );
  assert.match(
    manifestMessage({ spec: { ...POD.spec, restartPolice: 'Never' } }),
    /pod\/web: the API would refuse it: .*unknown field "spec\.restartPolice"/,
  );
  assert.equal(
    manifestMessage({ kind: 'Pood' }),
    'x.yaml: manifests[0]: there is no kind "Pood" in v1; did you mean "Pod"?',
  );
  assert.equal(manifestMessage({ metadata: {} }), 'x.yaml: manifests[0].metadata.name: is missing');
  assert.match(
    stepMessage({ at: '1s', apply: { ...POD, metadata: { name: 'Web' } } }),
    /^x\.yaml: steps\[0\]\.apply: pod\/Web: the API would refuse it: Pod "Web" is invalid: metadata\.name: Invalid value/,
  );
});

test('parseScenario reads manifests from text and from files, and names the file in what is wrong', () => {
  const files: Record<string, string> = {
    'good.yaml': `${JSON.stringify(POD)}\n---\n${JSON.stringify({ ...POD, metadata: { name: 'b' } })}\n`,
    'bad.yaml': JSON.stringify({ ...POD, spec: {} }),
    'broken.yaml': 'a: [',
  };
  const read = (path: string) => files[path] ?? assert.fail(`no such file: ${path}`);
  const scenario = parseScenario(
    { name: 'x', cluster: {}, duration: '1s', manifests: [{ file: 'good.yaml' }, JSON.stringify(POD)] },
    'x.yaml',
    { readFile: read },
  );
  assert.deepEqual(
    scenario.manifests.map(({ place }) => place),
    ['good.yaml: pod/web', 'good.yaml: pod/b', 'x.yaml: manifests[1]: pod/web'],
  );
  const fileMessage = (file: string) => messageOf({ manifests: [{ file }] }, read);
  assert.match(fileMessage('bad.yaml'), /^bad\.yaml: pod\/web: the API would refuse it/);
  assert.match(fileMessage('broken.yaml'), /^broken\.yaml: error parsing/);
  assert.equal(
    fileMessage('none.yaml'),
    'x.yaml: manifests[0].file: cannot be read: no such file: none.yaml',
  );
});

test('parseScenario refuses an expectation on a field that cannot exist', () => {
  const fieldMessage = (object: string, path: string) =>
    expectMessage({ object, at: '1s', fields: { [path]: 'x' } });
  assert.equal(
    fieldMessage('pod/web', 'status.pase'),
    'x.yaml: expect[0].fields["status.pase"]: status has no field "pase"; did you mean "phase"?',
  );
  assert.match(
    fieldMessage('pod/web', 'spec.containers.image'),
    /spec\.containers is a list: say which item, as \[0\] or \[name=x\]$/,
  );
  assert.match(
    fieldMessage('pod/web', 'spec..x'),
    /is no path of fields, such as spec\.containers\[0\]\.image$/,
  );
  assert.match(fieldMessage('pod/web', 'spec[0]'), /spec is no list$/);
  for (const path of [
    'status.containerStatuses[name=web].state.waiting.reason',
    'metadata.annotations["deployment.kubernetes.io/revision"]',
    'spec.containers[0].image',
    'spec.containers[0].resources.limits.memory',
  ]) {
    assert.equal(fieldMessage('pod/web', path), 'no error', path);
  }
});

test('parseScenario says what is wrong with an expectation', () => {
  assert.equal(
    expectMessage({ objekt: 'pod/web', at: '1s' }),
    'x.yaml: expect[0]: "objekt" is nothing to expect; did you mean "object"?',
  );
  assert.match(
    expectMessage({ object: 'pod/web', exists: true }),
    /^x\.yaml: expect\[0\]: must say when: one of at, within,/,
  );
  assert.match(
    expectMessage({ object: 'pod/web', exists: true, at: '1s', by: '2s' }),
    /must say when: one of/,
  );
  assert.equal(
    expectMessage({ object: 'pod/web', at: '1s' }),
    'x.yaml: expect[0]: says nothing of the object: add "fields", "exists" or "count"',
  );
  assert.equal(
    expectMessage({ object: 'pod/web', exists: true, at: '1s', feilds: {} }),
    'x.yaml: expect[0]: there is no field "feilds"; did you mean "fields"?',
  );
  assert.match(
    expectMessage({ pods: 'deployment/web', count: { redy: 3 }, at: '1s' }),
    /expect\[0\]\.count\["redy"\]: "redy" is no state; did you mean "ready"\?$/,
  );
  assert.match(
    expectMessage({ pods: 'deployment/web', count: { ready: '=> 3' }, at: '1s' }),
    /must be a number, or a bound such as ">= 4", not "=> 3"$/,
  );
  assert.match(
    expectMessage({ event: 'BackOff', message: '(', by: '1s' }),
    /expect\[0\]\.message: is no regular expression/,
  );
  assert.match(
    expectMessage({ starts: 'deployment/web', times: [] }),
    /expect\[0\]\.starts: must be a Pod, such as pod\/web, not deployment\/web$/,
  );
  assert.match(
    expectMessage({ containers: 'pod/web', story: ['1s begun web'] }),
    /expect\[0\]\.story\[0\]: must be as "10s started web" or/,
  );
  assert.match(
    expectMessage({ timeline: { kind: 'events' } }),
    /expect\[0\]\.timeline\.kind: must be one of .* not "events"; did you mean "event"\?$/,
  );
});

test('parseScenario reads YAML and says where its text is broken', () => {
  assert.equal(parseScenario('{name: a, cluster: {}, duration: 1m}', 'a.yaml').durationMs, 60_000);
  assert.throws(() => parseScenario('name: [', 'a.yaml'), /^ScenarioError: a\.yaml: line 1, column 8: /);
  assert.throws(
    () => parseScenario('a: 1\n---\nb: 1', 'a.yaml'),
    /a\.yaml: holds 2 documents; a scenario is one/,
  );
});
