/** Scenarios from files: run, with their timelines when they are asked for, and judged. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { formatOutcome } from '../../src/simulation/scenario/outcome.ts';
import { parseScenario } from '../../src/simulation/scenario/parse-scenario.ts';
import { ScenarioError } from '../../src/simulation/scenario/read.ts';
import { runScenario } from '../../src/simulation/scenario/run-scenario.ts';
import type { Scenario } from '../../src/simulation/scenario/scenario.ts';
import { formatTimeline, formatTimelineJson } from '../../src/simulation/timeline/format-timeline.ts';
import { selects, type TimelineFilter } from '../../src/simulation/timeline/timeline-filter.ts';
import { UsageError } from './options.ts';

export interface ScenarioOptions {
  files: readonly string[];
  /** Absent: only what came of it. */
  timeline?: 'text' | 'json';
  only: TimelineFilter;
  json: boolean;
}

/** @returns whether all hold. @throws UsageError for a scenario that cannot be meant */
export async function runScenarioFiles(
  { files, timeline, only, json }: ScenarioOptions,
  print: (text: string) => void,
): Promise<boolean> {
  let ok = true;
  for (const file of files) {
    const outcome = await runScenario(readScenario(file));
    ok &&= outcome.ok;
    const entries = outcome.timeline.filter((entry) => selects(only, entry));
    if (json) print(JSON.stringify({ ...outcome, timeline: entries }));
    else {
      if (timeline !== undefined) print((timeline === 'json' ? formatTimelineJson : formatTimeline)(entries));
      if (timeline !== 'json') print(formatOutcome(outcome));
    }
  }
  return ok;
}

/** Manifests that it names are found from its folder. @throws UsageError */
export function readScenario(file: string): Scenario {
  try {
    const readFile = (name: string) => readFileSync(path.resolve(path.dirname(file), name), 'utf8');
    return parseScenario(readFileSync(file, 'utf8'), file, { readFile });
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message, { cause: error });
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`cannot read the scenario ${file}: ${message}`, { cause: error });
  }
}
