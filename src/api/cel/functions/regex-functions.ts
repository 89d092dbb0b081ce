/** Regular expressions. @see k8s.io/apiserver/pkg/cel/library/regex.go */
import { define, type Overload } from '../overload.ts';
import { compileRegex } from '../regex/regex.ts';

/** Text times pattern. @see cel-go interpreter/runtimecost.go, overloads.Matches */
const matching = {
  work: (text: string, pattern: string) => (text.length + 1) * Math.max(1, pattern.length / 4),
  estimate: (text: number, pattern: number) => (text + 1) * Math.ceil(pattern / 4),
};

function findAll(text: string, pattern: string, limit = -1n): string[] {
  const regex = compileRegex(pattern);
  const found: string[] = [];
  for (let from = 0; from <= text.length && (limit < 0n || found.length < Number(limit)); ) {
    const match = regex.find(text, from);
    if (match === undefined) break;
    found.push(text.slice(match.start, match.end));
    from = match.end > match.start ? match.end : match.end + 1;
  }
  return found;
}

function find(text: string, pattern: string): string {
  const match = compileRegex(pattern).find(text);
  return match === undefined ? '' : text.slice(match.start, match.end);
}

const matches = (text: string, pattern: string) => compileRegex(pattern).test(text);

export const REGEX: readonly Overload[] = [
  define('string.matches(string): bool', matches, matching),
  define('matches(string, string): bool', matches, matching),
  define('string.find(string): string', find, matching),
  define(
    'string.findAll(string): list<string>',
    (text: string, pattern: string) => findAll(text, pattern),
    matching,
  ),
  define('string.findAll(string, int): list<string>', findAll as never, matching),
];
