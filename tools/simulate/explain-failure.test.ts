import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { drawPlan } from '../../src/simulation/swarm/draw-plan.ts';
import { explainFailure } from './explain-failure.ts';
import type { JobResult } from './worker.ts';

test('explainFailure tells seed, commit, what is wrong, the small plan and how to replay it', async (t) => {
  const failuresDir = mkdtempSync(path.join(tmpdir(), 'kintsugi-failure-'));
  t.after(() => rmSync(failuresDir, { recursive: true }));
  const plan = drawPlan('17', { chaosMs: 600_000 });
  const verdict = {
    seed: '17',
    ok: false,
    traceHash: 'x',
    events: 1,
    virtualMs: 1,
    unconverged: ['a Pod is lost'],
  };
  const violations = [{ checker: 'revisions', atMs: Date.UTC(2026, 0, 1, 0, 0, 2), message: '5 follows 6' }];
  const found: JobResult = { plan, verdict: { ...verdict, violations }, realMs: 1 };
  const smaller: JobResult = {
    ...found,
    plan: {
      ...plan,
      chaosMs: 2000,
      cluster: {
        nodes: 1,
        controllers: 'apart',
        disk: 'faultless',
        flushMs: { min: 0, max: 0 },
        storeLimits: {},
        latencyMs: { min: 0, max: 5 },
      },
      faults: [{ atMs: 1500, forMs: 250, fault: 'power-off', parameters: { machine: 'node-1' } }],
      actions: [{ atMs: 500, action: 'drain', parameters: { node: 'node-1' } }],
      objects: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'lost' } }],
    },
    timeline: '+00:00:02.000  node-1  ready\n',
  };
  const text = await explainFailure(found, { run: async () => smaller }, { shrinkMs: 1, failuresDir });
  const file = path.join(failuresDir, 'seed-17.json');
  assert.match(text, /^\nseed 17 fails at commit [0-9a-f]{7,}/);
  assert.equal(
    text.split('\n').slice(2).join('\n'),
    `  revisions at +00:00:02.000: 5 follows 6
  not as desired: a Pod is lost

cluster   1 nodes, controllers apart, disk faultless (0 to 0 ms), latency 0 to 5 ms
objects   Pod/lost
chaos     2s
       500ms  user: drain node="node-1"
        1.5s  power-off machine="node-1" for 250ms

the last of what happened:
+00:00:02.000  node-1  ready

replay: npm run simulate -- --replay ${file}`,
  );
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), smaller.plan);
});
