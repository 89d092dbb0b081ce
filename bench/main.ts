/** `npm run bench`: measures what the design promises and prints it beside the budgets. */
import { parseArgs } from 'node:util';
import type { Benchmark, Measurement } from './benchmark.ts';
import { budgets } from './budgets.ts';
import { describeMachine } from './machine.ts';
import { renderReport, toRows } from './report.ts';
import { suite } from './suite.ts';

const HELP = `Usage: npm run bench -- [--only NAME]... [--json] [--help]

Measures what the design promises, on this machine, and prints it beside the budgets.

  --only NAME  run the benchmarks whose name begins with NAME; may be given again
  --json       print one JSON document: machine, rows
  --help       print this

Exit code: 0 measured (missed budgets are only reported), 1 a benchmark failed, 2 wrong usage.`;

interface BenchOptions {
  only: string[];
  json: boolean;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const available = (await Promise.all(suite.map((load) => load()))).flatMap(({ benchmarks }) => benchmarks);
  const chosen = available.filter(({ name }) => isChosen(name, options.only));
  if (chosen.length === 0) {
    console.error(
      `bench: nothing is called ${options.only.join(', ')}; there are: ${available.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  const { measurements, failures } = await measure(chosen);
  const rows = toRows(measurements, options.only.length === 0 ? budgets : measuredOnly(measurements));
  const machine = describeMachine();
  console.log(options.json ? JSON.stringify({ machine, rows }, undefined, 2) : renderReport(machine, rows));
  return failures === 0 ? 0 : 1;
}

function readOptions(): BenchOptions | number {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help !== true) return { only: values.only ?? [], json: values.json ?? false };
    console.log(HELP);
    return 0;
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return 2;
  }
}

/** One after another, on an otherwise idle process; progress goes to standard error. */
async function measure(
  chosen: readonly Benchmark[],
): Promise<{ measurements: Measurement[]; failures: number }> {
  const measurements: Measurement[] = [];
  let failures = 0;
  for (const benchmark of chosen) {
    process.stderr.write(`${benchmark.name} ...\n`);
    try {
      measurements.push(...(await benchmark.run()));
    } catch (error) {
      failures++;
      console.error(`bench: ${benchmark.name} failed:`, error);
    }
  }
  return { measurements, failures };
}

function isChosen(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((prefix) => name.startsWith(prefix));
}

function measuredOnly(measurements: readonly Measurement[]): typeof budgets {
  const measured = new Set(measurements.map(({ metric }) => metric));
  return budgets.filter(({ metric }) => measured.has(metric));
}
