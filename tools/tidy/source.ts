/** Reads the repository's TypeScript: its files, their imports and functions, by a real parser. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface SourceFile {
  /** Relative to the repository. */
  path: string;
  text: string;
  lines: number;
  isTest: boolean;
  imports: readonly string[];
  functions: readonly SourceFunction[];
}

export interface SourceFunction {
  name: string;
  line: number;
  lines: number;
  parameters: number;
}

interface AstNode {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

const FUNCTION_TYPES = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** Every TypeScript file that git knows or would add, generated ones left out. */
export function readSources(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const present = listed
    .split('\n')
    .filter((file) => file !== '' && !file.includes('/generated/') && !file.endsWith('.d.ts'));
  return [...new Set(present)].flatMap((file) => {
    const text = tryRead(file);
    return text === undefined ? [] : [parseSource(file, text)];
  });
}

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(path.join(ROOT, file), 'utf8');
  } catch {
    return undefined; // deleted in the work tree, not yet in the index
  }
}

export function parseSource(file: string, text: string): SourceFile {
  const { program, module } = parseSync(file, text);
  const lineOf = lineIndex(text);
  const functions: SourceFunction[] = [];
  visit(program as unknown as AstNode, undefined, (node, parent) => {
    if (!FUNCTION_TYPES.has(node.type)) return;
    const line = lineOf(node.start);
    functions.push({
      name: functionName(node, parent),
      line,
      lines: lineOf(node.end) - line + 1,
      parameters: (node['params'] as unknown[] | undefined)?.length ?? 0,
    });
  });
  return {
    path: file,
    text,
    lines: text.split('\n').length - 1,
    isTest:
      /\.(test|contract|fixture|bench)\.ts$/.test(file) ||
      file.startsWith('test/') ||
      file.startsWith('bench/'),
    imports: [
      ...module.staticImports.map((entry) => entry.moduleRequest.value),
      ...module.staticExports.flatMap((entry) =>
        entry.entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
      ),
      ...module.dynamicImports.flatMap((entry) =>
        dynamicTarget(text.slice(entry.moduleRequest.start, entry.moduleRequest.end)),
      ),
    ],
    functions,
  };
}

function dynamicTarget(literal: string): string[] {
  const match = /^['"](.*)['"]$/.exec(literal);
  return match === null ? [] : [match[1]!];
}

function functionName(node: AstNode, parent: AstNode | undefined): string {
  const own = node['id'] as { name?: string } | null;
  const key = (parent?.['key'] ?? parent?.['id']) as { name?: string } | undefined;
  return own?.name ?? key?.name ?? '(anonymous)';
}

function lineIndex(text: string): (offset: number) => number {
  const starts = [0];
  for (let i = 0; i < text.length; i++) if (text[i] === '\n') starts.push(i + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function visit(
  node: AstNode,
  parent: AstNode | undefined,
  on: (node: AstNode, parent: AstNode | undefined) => void,
): void {
  on(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === 'object' && child !== null && typeof (child as AstNode).type === 'string')
        visit(child as AstNode, node, on);
    }
  }
}
