import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTimelineJson } from '../timeline/format-timeline.ts';
import { formatOutcome, type Outcome } from './outcome.ts';
import { parseScenario } from './parse-scenario.ts';
import { runScenario } from './run-scenario.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'web', image: 'web' }] },
};
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: POD.spec },
  },
};
const PROGRAMS = { web: { preloaded: true, runs: [{ exit: { after: '5s', code: 3 } }, {}] } };

function run(change: object): Promise<Outcome> {
  const value = { name: 'x', cluster: {}, duration: '30s', ...change };
  return runScenario(parseScenario(value as never, 'x.yaml'));
}

/** What `expect` says about a Pod that exits after 5 s, and then runs on. */
async function verdict(expect: object, change: object = {}): Promise<string> {
  const outcome = await run({ programs: PROGRAMS, manifests: [POD], expect: [expect], ...change });
  return outcome.failures.map(({ expected, actual }) => `expected ${expected}; actual ${actual}`).join('\n');
}

const restarts = (value: unknown) => ({
  object: 'pod/web',
  fields: { 'status.containerStatuses[name=web].restartCount': value },
});

test('runScenario looks at objects at exactly the time that is said', async () => {
  assert.equal(await verdict({ ...restarts(0), at: '4.999s' }), '');
  assert.equal(await verdict({ ...restarts(1), at: '5s' }), '');
  assert.equal(
    await verdict({ ...restarts(1), at: '4.999s' }),
    'expected pod/web: status.containerStatuses[name=web].restartCount is 1 at 4.999s; ' +
      'actual pod/web: status.containerStatuses[name=web].restartCount is 0',
  );
});

test('runScenario knows when something became so for the first time', async () => {
  assert.equal(await verdict({ ...restarts(1), becomes: '5s' }), '');
  assert.equal(await verdict({ ...restarts(1), becomes: ['4s', '6s'] }), '');
  assert.match(await verdict({ ...restarts(1), becomes: '6s' }), /first at 6s; actual at 5s$/);
  assert.match(
    await verdict({ ...restarts(2), becomes: '6s' }),
    /first at 6s; actual never; at last .*restartCount is 1$/,
  );
  assert.match(
    await verdict({ ...restarts(1), becomes: '10s', after: '8s' }),
    /looking from 8s on; actual it was so already at 8s$/,
  );
});

test('runScenario knows what is so at some moment, and what is so throughout', async () => {
  assert.equal(await verdict({ ...restarts(0), within: ['1s', '10s'] }), '');
  assert.match(
    await verdict({ ...restarts(0), within: ['5s', '10s'] }),
    /between 5s and 10s; actual it never was/,
  );
  assert.equal(await verdict({ ...restarts(1), by: '5s' }), '');
  assert.match(await verdict({ ...restarts(1), by: '4s' }), /between 0s and 4s; actual it never was/);
  assert.equal(await verdict({ ...restarts({ is: '<= 1' }), throughout: ['0s', '30s'] }), '');
  assert.match(
    await verdict({ ...restarts(0), throughout: ['0s', '30s'] }),
    /from 0s to 30s; actual at 5s pod\/web: .*is 1$/,
  );
});

test('runScenario matches fields by value, by pattern, by bound and by absence', async () => {
  const phase = (matcher: unknown) =>
    verdict({ object: 'pod/web', at: '1s', fields: { 'status.phase': matcher } });
  assert.equal(await phase('Running'), '');
  assert.equal(await phase({ matches: '^Run' }), '');
  assert.match(
    await phase({ matches: '^run' }),
    /status\.phase matches \/\^run\/ at 1s; actual .* "Running"$/,
  );
  assert.match(await phase({ absent: true }), /status\.phase is absent at 1s/);
  assert.equal(
    await verdict({ object: 'pod/web', at: '1s', fields: { 'status.reason': { absent: true } } }),
    '',
  );
  assert.match(
    await verdict({ object: 'pod/none', at: '1s', exists: true }),
    /there is pod\/none at 1s; actual there is no pod\/none$/,
  );
  assert.equal(await verdict({ object: 'pod/none', always: true, exists: false }), '');
});

test('runScenario counts Pods of a workload by their states', async () => {
  const counted = (count: object) =>
    verdict(
      { pods: 'deployment/web', count, at: '20s' },
      { manifests: [DEPLOYMENT], steps: [{ at: '10s', scale: 'deploy/web', replicas: 3 }] },
    );
  assert.equal(await counted({ active: 3, ready: '>= 2', failed: 0 }), '');
  assert.equal(
    await counted({ active: 2 }),
    'expected Pods of deployment/web: active 2 at 20s; actual active 3',
  );
});

test('runScenario counts objects', async () => {
  assert.equal(await verdict({ object: 'pod/*', count: 1, at: '1s' }), '');
  assert.match(
    await verdict({ object: 'pod/*', count: '> 1', at: '1s' }),
    /pod\/\*: > 1 of them at 1s; actual 1$/,
  );
});

test('runScenario knows the starts and the life of containers', async () => {
  assert.equal(await verdict({ starts: 'pod/web', times: ['0s', '5s'] }), '');
  assert.equal(
    await verdict({ starts: 'pod/web', times: ['0s', '6s'] }),
    'expected every container of pod/web starts at 0s, 6s; actual it starts at 0s, 5s',
  );
  const story = ['0s started web', '5s exited web 3 Error', '5s started web'];
  assert.equal(await verdict({ containers: 'pod/web', story }), '');
  assert.equal(await verdict({ containers: 'pod/web', until: '4s', story: story.slice(0, 1) }), '');
  assert.match(
    await verdict({ containers: 'pod/web', story: ['0s started web', '5s exited web 1'] }),
    /actual \n {4}0s started web\n {4}5s exited web 3 Error\n/,
  );
});

test('runScenario counts Events and lines of the timeline', async () => {
  assert.equal(await verdict({ event: 'Started', object: 'pod/web', count: 2, at: '6s' }), '');
  assert.match(
    await verdict({ event: 'BackOff', object: 'pod/web', by: '6s' }),
    /at last \(6s\) never; there were: .*Scheduled/,
  );
  assert.equal(await verdict({ timeline: { kind: 'container', what: 'exited', text: ' 3 ' }, times: 1 }), '');
  assert.match(
    await verdict({ timeline: { kind: 'fault' } }),
    /lines \{"kind":"fault"\} in the timeline: >= 1; actual 0$/,
  );
});

test('runScenario does what users do, and says when the API does not', async () => {
  const steps = [
    { at: '1s', create: POD, refused: { reason: 'AlreadyExists', message: 'already exists' } },
    { at: '2s', delete: 'pod/web', grace: '0s' },
    { at: '3s', delete: 'pod/web', refused: 'NotFound' },
    { at: '4s', scale: 'deploy/none', replicas: 1 },
    { at: '5s', cordon: 'node-1', refused: 'Forbidden' },
  ];
  const { failures } = await run({ manifests: [POD], steps });
  assert.deepEqual(failures, [
    {
      place: 'x.yaml: steps[3]',
      expected: 'the API does it',
      actual: 'it says NotFound: deployments.apps "none" not found',
    },
    { place: 'x.yaml: steps[4]', expected: 'the API refuses: Forbidden', actual: 'it does it' },
  ]);
});

test('runScenario begins and ends faults, and waits until what is desired is observed', async () => {
  const off = { at: '10s', fault: 'power-off', machine: 'node-1' };
  const outcome = await run({
    cluster: { nodes: 2 },
    manifests: [DEPLOYMENT],
    steps: [off],
    heal: { within: '2m' },
  });
  assert.equal(formatOutcome(outcome).split(' (')[0], 'ok: x');
  const faults = outcome.timeline
    .filter(({ kind }) => kind === 'fault')
    .map(({ atMs, what }) => `${atMs} ${what}`);
  assert.deepEqual(faults, ['10000 power-off begins', '30000 power-off ends']);
  const timed = await run({ steps: [{ ...off, for: '5s' }] });
  assert.deepEqual(
    timed.timeline.filter(({ kind }) => kind === 'fault').map(({ atMs }) => atMs),
    [10_000, 15_000],
  );
});

test('runScenario reports what is not healed in time', async () => {
  const programs = { web: { pull: { takes: '20s' } } };
  const heals = (within: string) =>
    run({ programs, manifests: [DEPLOYMENT], duration: '10s', heal: { within } });
  const outcome = await heals('5s');
  assert.equal(outcome.ok, false);
  assert.match(formatOutcome(outcome), /^FAILED: x \(15s of virtual time\)\nnot healed: workloads-ready: /);
  assert.equal((await heals('15s')).ok, true);
});

test('runScenario draws the faults of a swarm from the seed, and one seed is one run', async () => {
  const swarm = { count: 3, from: '5s', until: '20s', faults: ['kill-process', 'freeze-process'] };
  const outcomes = await Promise.all(
    ['a', 'a', 'b'].map((seed) => run({ seed, cluster: { nodes: 2 }, manifests: [DEPLOYMENT], swarm })),
  );
  const [first, again, other] = outcomes.map(({ timeline }) => formatTimelineJson(timeline));
  assert.equal(first, again);
  assert.notEqual(first, other);
  const faults = outcomes[0]!.timeline.filter(
    ({ kind, what }) => kind === 'fault' && what.endsWith('begins'),
  );
  assert.equal(faults.length, 3);
  assert.ok(faults.every(({ atMs }) => atMs >= 5000 && atMs <= 20_000));
});
