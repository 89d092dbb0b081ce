/**
 * The declarations of `kintsugi/testing`: those that its entry reaches, each import by the name that a reader without our
 * compiler options understands.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ENTRY = 'testing/entry';
const IMPORT = /(from ')(\.[^']*)(\.ts)(')/g;

/** Writes them below `outdir`. Returns the entry's own, as an import from there names it. */
export function emitTypes(root: string, outdir: string): string {
  const whole = mkdtempSync(path.join(tmpdir(), 'kintsugi-types-'));
  try {
    const compiler = path.join(root, 'node_modules/.bin/tsc');
    execFileSync(compiler, ['-p', path.join(root, 'tsconfig.types.json'), '--outDir', whole], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    copyReachable(whole, outdir);
  } finally {
    rmSync(whole, { recursive: true, force: true });
  }
  return `${ENTRY}.js`;
}

function copyReachable(from: string, to: string): void {
  const wanted = [ENTRY];
  for (const module of wanted) {
    const text = readFileSync(path.join(from, `${module}.d.ts`), 'utf8');
    for (const [, , target = ''] of text.matchAll(IMPORT)) {
      const imported = path.join(path.dirname(module), target);
      if (!wanted.includes(imported)) wanted.push(imported);
    }
    const file = path.join(to, `${module}.d.ts`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text.replaceAll(IMPORT, '$1$2.js$4'));
  }
}
