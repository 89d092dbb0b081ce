/** Every scenario of a folder beside this file as a test: docs/scenarios.md says which line of the semantics each is about. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { formatOutcome } from '../scenario/outcome.ts';
import { parseScenario } from '../scenario/parse-scenario.ts';
import { runScenario } from '../scenario/run-scenario.ts';

export function testScenarios(folder: string): void {
  const files = readdirSync(path.join(import.meta.dirname, folder)).sort();
  assert.ok(files.length > 0, `there are no scenarios in ${folder}`);
  for (const file of files) {
    const name = `${folder}/${file}`;
    test(`runScenario ${name}`, async () => {
      const scenario = parseScenario(readFileSync(path.join(import.meta.dirname, name), 'utf8'), name);
      assert.equal(`${scenario.name}.yaml`, file, 'a scenario has the name of its file');
      const outcome = await runScenario(scenario);
      assert.ok(outcome.ok, formatOutcome(outcome));
    });
  }
}
