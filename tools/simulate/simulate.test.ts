import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { drawPlan } from '../../src/simulation/swarm/draw-plan.ts';
import { runPlan, type Verdict } from '../../src/simulation/swarm/run-plan.ts';

const COMMAND = path.resolve(import.meta.dirname, '../simulate.ts');
const folder = mkdtempSync(path.join(tmpdir(), 'kintsugi-simulate-'));
after(() => rmSync(folder, { recursive: true }));

function simulate(args: readonly string[], flags: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...flags, COMMAND, '--failures', folder, ...args],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

test('simulate gives each seed the same trace, in whatever process and with whatever flags', async () => {
  const args = ['--from', '7', '--seeds', '3', '--minutes', '2', '--jobs', '2', '--json'];
  const tracesWith = (flags: readonly string[]) => {
    const { status, stdout, stderr } = simulate(args, flags);
    assert.equal(status, 0, stderr);
    const verdicts: Verdict[] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    return new Map(verdicts.map(({ seed, traceHash, events }) => [seed, `${traceHash} ${events}`]));
  };
  const traces = tracesWith([]);
  assert.deepEqual(tracesWith(['--stack-size=2000', '--max-old-space-size=400']), traces);
  const { traceHash, events } = await runPlan(drawPlan('8', { chaosMs: 120_000 }));
  assert.equal(traces.get('8'), `${traceHash} ${events}`);
});

test('simulate refuses what it does not know, in one line that says what to do', () => {
  const cases: [string[], RegExp][] = [
    [['--seeds', 'many'], /^simulate: --seeds must be a number of at least 1, not "many"\n$/],
    [['--seed', '1', '--from', '2'], /^simulate: --seed goes without --seeds and --from\n$/],
    [['--faults', 'meteor'], /^simulate: unknown fault "meteor"; there are: kill-process, /],
    [['--nope'], /^simulate: Unknown option '--nope'/],
    [['--replay', '/nowhere.json'], /^simulate: \/nowhere\.json: ENOENT/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = simulate(args);
    assert.match(stderr, message);
    assert.equal(status, 2, args.join(' '));
  }
});

test('simulate replays a plan from its file, and names what is wrong with a file that holds none', () => {
  const file = path.join(folder, 'plan.json');
  const plan = drawPlan('9', { chaosMs: 30_000, faults: ['kill-process'] });
  writeFileSync(file, JSON.stringify(plan));
  const good = simulate(['--replay', file]);
  assert.equal(good.status, 0, good.stderr);
  assert.match(good.stdout, /all hold\n$/);
  writeFileSync(file, JSON.stringify({ ...plan, faults: [{ atMs: 1, fault: 'meteor', parameters: {} }] }));
  const bad = simulate(['--replay', file]);
  assert.equal(bad.status, 2);
  assert.match(bad.stderr, /plan\.json: faults\[0\]: unknown fault "meteor"/);
});

test('simulate says why a replayed plan fails, with exit code 1', () => {
  const plan = drawPlan('10', { chaosMs: 1000, faults: [] });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'lost', namespace: 'default' },
    spec: { nodeSelector: { disk: 'none' }, containers: [{ name: 'main', image: 'web' }] },
  };
  const file = path.join(folder, 'lost.json');
  writeFileSync(file, JSON.stringify({ ...plan, objects: [pod], actions: [] }));
  const { status, stdout } = simulate(['--replay', file]);
  assert.equal(status, 1);
  assert.match(stdout, /fails:\n {2}not as desired: Pod default\/lost is not ready: on no node, Pending\n$/);
});
