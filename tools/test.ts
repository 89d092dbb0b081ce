/**
 * `npm test`: every check and test that this machine can run, and what was skipped and why.
 *
 * The checks (types, lint, format, unused code) come first, then the unit tests in one process, then each suite that
 * starts real parts in a process of its own, one after another. The last line is `N passed, N failed, N skipped`.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Tally } from './tally-reporter.ts';

const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0, failedFiles: [] };

const ROOT = path.resolve(import.meta.dirname, '..');
const TALLY_REPORTER = path.join(ROOT, 'tools/tally-reporter.ts');
const UNIT_TIMEOUT_MS = 400_000;
const SUITE_TIMEOUT_MS = 900_000;

const USAGE = `usage: npm test [-- options]
  --unit         only the tests beside the source
  --checks       only types, lint, format and unused code
  --only TEXT    only test files whose path contains TEXT
  --help`;

const CHECKS: readonly (readonly string[])[] = [
  ['tsc', '-p', 'tsconfig.pure.json'],
  ['tsc', '-p', 'tsconfig.json'],
  ['biome', 'check', '.'],
  ['oxlint', '--deny-warnings'],
  ['knip'],
];

function runChecks(): Tally {
  const total: Tally = { ...NOTHING };
  for (const [command, ...args] of CHECKS) {
    const result = spawnSync(path.join(ROOT, 'node_modules/.bin', command!), args, {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const passed = result.status === 0;
    process.stdout.write(`${passed ? '✔' : '✖'} ${[command, ...args].join(' ')}\n`);
    if (!passed) process.stdout.write(`${result.stdout}${result.stderr}\n`);
    total[passed ? 'passed' : 'failed']++;
  }
  return total;
}

function runTests(files: readonly string[], flags: readonly string[]): Tally {
  if (files.length === 0) return NOTHING;
  const folder = mkdtempSync(path.join(tmpdir(), 'kintsugi-tally-'));
  const tallyFile = path.join(folder, 'tally.json');
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${TALLY_REPORTER}`,
    `--test-reporter-destination=${tallyFile}`,
  ];
  const result = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--test', ...flags, ...reporters, ...files],
    {
      cwd: ROOT,
      stdio: 'inherit',
    },
  );
  const tally = readTally(tallyFile);
  rmSync(folder, { recursive: true, force: true });
  const isSilentFailure = result.status !== 0 && tally.failed === 0;
  return isSilentFailure ? { ...tally, failed: 1 } : tally;
}

/**
 * Runs `files`, and those that failed a second time, alone. What then passes depends on what else the machine does: it
 * counts as passed, and is named, so that it is looked at.
 */
function runTestsTwice(files: readonly string[], flags: readonly string[]): Tally {
  const first = runTests(files, flags);
  if (first.failedFiles.length === 0) return first;
  process.stdout.write(`running again, alone: ${first.failedFiles.join(' ')}\n`);
  const second = runTests(first.failedFiles, [...flags, '--test-concurrency=1']);
  for (const file of first.failedFiles) {
    if (!second.failedFiles.includes(file)) process.stdout.write(`flaky: ${file} failed, then passed\n`);
  }
  const healed = Math.max(0, first.failed - second.failed);
  return { ...first, passed: first.passed + healed, failed: second.failed };
}

function readTally(file: string): Tally {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Tally;
  } catch {
    return { ...NOTHING, failed: 1 }; // the runner itself died before it could count
  }
}

function find(pattern: string, only: string | undefined): string[] {
  return globSync(pattern, { cwd: ROOT })
    .filter((file) => only === undefined || file.includes(only))
    .sort();
}

function main(): void {
  const { values } = parseArgs({
    options: {
      unit: { type: 'boolean' },
      checks: { type: 'boolean' },
      only: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const tallies: Tally[] = [];
  if (!values.unit && values.only === undefined) tallies.push(runChecks());
  if (!values.checks) {
    const unit = [
      ...find('src/**/*.test.ts', values.only),
      ...find('tools/**/*.test.ts', values.only),
      ...find('schemas/**/*.test.ts', values.only),
    ];
    tallies.push(runTestsTwice(unit, [`--test-timeout=${UNIT_TIMEOUT_MS}`, '--test-concurrency=2']));
    if (!values.unit) {
      const suites = [
        ...find('test/**/*.test.ts', values.only),
        ...find('examples/**/*.test.ts', values.only),
      ];
      tallies.push(runTestsTwice(suites, ['--test-concurrency=1', `--test-timeout=${SUITE_TIMEOUT_MS}`]));
    }
  }
  const sum = (key: 'passed' | 'failed' | 'skipped') =>
    tallies.reduce((total, tally) => total + tally[key], 0);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
  process.exitCode = sum('failed') === 0 ? 0 : 1;
}

main();
