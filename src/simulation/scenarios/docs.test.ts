/** The pages about scenarios are true: their examples hold, and they name everything that there is. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { formatOutcome } from '../scenario/outcome.ts';
import { parseScenario } from '../scenario/parse-scenario.ts';
import { runScenario } from '../scenario/run-scenario.ts';
import { STEP_ACTIONS } from '../scenario/step-actions.ts';
import { TIMING_FIELDS } from '../scenario/timing.ts';
import { ENTRY_KINDS } from '../timeline/timeline-entry.ts';

const DOCS = path.join(import.meta.dirname, '../../../docs');
const page = readFileSync(path.join(DOCS, 'simulation.md'), 'utf8');

test('docs/simulation.md: every example is a scenario that holds', async () => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  assert.equal(examples.length, 2);
  for (const [index, example] of examples.entries()) {
    const outcome = await runScenario(parseScenario(example, `example ${index}`));
    assert.ok(outcome.ok, formatOutcome(outcome));
  }
});

test('docs/simulation.md names every action, every way to say when, every kind of entry', () => {
  const names = [...Object.keys(STEP_ACTIONS), ...TIMING_FIELDS, ...ENTRY_KINDS];
  const missing = names.filter((name) => !new RegExp(`\`${name}[\`:]`).test(page));
  assert.deepEqual(missing, []);
});

test('docs/scenarios.md names every scenario, and no other', () => {
  const table = readFileSync(path.join(DOCS, 'scenarios.md'), 'utf8');
  const named = [...table.matchAll(/`([a-z-]+\/[a-z0-9-]+)`/g)].map(([, name = '']) => name);
  const files = globSync('*/*.yaml', { cwd: import.meta.dirname }).map((file) => file.replace(/\.yaml$/, ''));
  assert.deepEqual([...new Set(named)].sort(), files.sort());
});
