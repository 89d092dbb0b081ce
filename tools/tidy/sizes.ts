/**
 * Sizes as a ratchet: past its limit a file or function may only shrink. What was over the limit when the limit came stands
 * in `ratchet.json` with its size; an entry that is no longer needed must go.
 */
import type { SourceFile } from './source.ts';

const FUNCTION_LINES_MAX = 70;
const PARAMETERS_MAX = 4;
const SOURCE_LINES_MAX = 500;
const TEST_LINES_MAX = 600;
const MAIN_LINES_MAX = 150;

function fileLimit(source: SourceFile): number {
  if (source.isTest) return TEST_LINES_MAX;
  return source.path.startsWith('src/main/') ? MAIN_LINES_MAX : SOURCE_LINES_MAX;
}

/** @param ratchet  `path` or `path#function` → the size that is tolerated */
export function ratchetProblems(
  sources: readonly SourceFile[],
  ratchet: Readonly<Record<string, number>>,
): string[] {
  const over = new Map<string, string>();
  const problems: string[] = [];
  const measure = (key: string, size: number, limit: number, what: string) => {
    if (size <= limit) return;
    over.set(key, what);
    if (size > (ratchet[key] ?? limit))
      problems.push(`${key}: ${size} ${what}, limit ${ratchet[key] ?? limit}`);
  };
  for (const source of sources) {
    measure(source.path, source.lines, fileLimit(source), 'lines');
    if (source.isTest) continue;
    for (const fn of source.functions) {
      measure(`${source.path}#${fn.name}`, fn.lines, FUNCTION_LINES_MAX, 'lines in a function');
      measure(`${source.path}#${fn.name}(parameters)`, fn.parameters, PARAMETERS_MAX, 'parameters');
    }
  }
  const stale = Object.keys(ratchet).filter((key) => !over.has(key));
  return [
    ...problems,
    ...stale.map((key) => `${key}: is within its limit now; take it out of tools/tidy/ratchet.json`),
  ];
}
