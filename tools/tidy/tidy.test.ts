// The style guide as a test: layers, names, sizes, and the words that have no place in the source.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { importProblem, packageProblem } from './layers.ts';
import { ratchetProblems } from './sizes.ts';
import { ROOT, readSources, type SourceFile } from './source.ts';

const sources = readSources();
const product = sources.filter((source) => source.path.startsWith('src/') && !source.isTest);

function none(problems: string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join('\n')}`);
}

test('layers: a folder imports only what its row of the layer table allows', () => {
  none(product.flatMap((source) => source.imports.flatMap((target) => problemOf(source, target) ?? [])));
});

function problemOf(source: SourceFile, target: string): string | undefined {
  const problem = target.startsWith('.')
    ? importProblem(source.path, path.join(path.dirname(source.path), target))
    : packageProblem(source.path, target);
  return problem === undefined ? undefined : `${source.path} imports ${target}: ${problem}`;
}

test('layers: every import names its file', () => {
  none(
    sources.flatMap((source) =>
      source.imports
        .filter(
          (target) =>
            target.startsWith('.') && !existsSync(path.join(ROOT, path.dirname(source.path), target)),
        )
        .map((target) => `${source.path} imports ${target}, which does not exist`),
    ),
  );
});

test('names: no dumping grounds', () => {
  const banned = /(^|\/)(utils?|helpers?|common|misc|shared|manager)(\/|\.ts$)/;
  none(
    sources
      .filter((source) => banned.test(source.path))
      .map((source) => `${source.path}: name it for what it does`),
  );
});

test('names: files are kebab-case', () => {
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|fixture|bench|d))?\.ts$/;
  none(sources.filter((source) => !kebab.test(path.basename(source.path))).map((source) => source.path));
});

test('names: no Manager, Helper or bare Handler', () => {
  const banned = /\b(?:class|interface|type)\s+(\w*(?:Manager|Helper|Util)|Handler)\b/;
  none(product.flatMap((source) => bannedLines(source, banned)));
});

test('world: pure layers never name the clock, randomness or the environment', () => {
  const adapters =
    /^src\/(platform|main|testing|container-runtime\/(process|containerd)|network\/(userspace|nftables|dns|pod-network)|healer\/providers)\//;
  const ambient =
    /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.env|performance\.now)\b|new Date\(\)/;
  // It decides nothing by time: it only lets everything that was set in motion settle.
  const turn = 'src/simulation/sim-turn.ts';
  const pure = product.filter(({ path }) => !adapters.test(path) && path !== turn);
  none(pure.flatMap((source) => bannedLines(source, ambient)));
});

test('words: nothing unfinished is called finished', () => {
  const unfinished = /\b(TODO|FIXME|XXX|HACK|unimplemented|not implemented|placeholder)\b/;
  none(product.flatMap((source) => bannedLines(source, unfinished)));
});

test('kinds: a switch on kind stands only in api', () => {
  const onKind = /switch \((?:\w+\.)*(?:object|row|resource|ref|gvk)\.kind\)/;
  none(
    product
      .filter((source) => !source.path.startsWith('src/api/'))
      .flatMap((source) => bannedLines(source, onKind)),
  );
});

test('tests: none is focused or left out by hand', () => {
  const focused = /(^|[^a-zA-Z.])(test|it|describe)\.(only|todo)\(/;
  none(
    sources
      .filter((source) => source.isTest && !source.path.startsWith('tools/tidy/'))
      .flatMap((source) => bannedLines(source, focused)),
  );
});

test('sizes: files and functions stay within their limits', () => {
  const ratchet = JSON.parse(readFileSync(path.join(ROOT, 'tools/tidy/ratchet.json'), 'utf8')) as Record<
    string,
    number
  >;
  none(ratchetProblems(sources, ratchet));
});

test('repository: the lockfile names no registry', () => {
  assert.doesNotMatch(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'), /"resolved":/);
});

/** `path:line: text` for each line of code that matches; comment lines do not count. */
function bannedLines(source: SourceFile, pattern: RegExp): string[] {
  return source.text.split('\n').flatMap((line, index) => {
    if (/^\s*(\/\/|\*|\/\*)/.test(line) || !pattern.test(line)) return [];
    return [`${source.path}:${index + 1}: ${line.trim()}`];
  });
}
