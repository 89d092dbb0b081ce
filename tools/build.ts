/**
 * `npm run build`: bundles each entry point into one file under `dist/`, so that starting reads few files.
 *
 * Packages stay outside the bundle where they are imported only when used, or carry native code.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Entry → bundle. Workers are entries of their own: they are started by file name. */
const ENTRIES: Readonly<Record<string, string>> = {
  kintsugi: 'src/main/kintsugi.ts',
  'sqlite-journal-worker': 'src/platform/sqlite-journal-worker.ts',
};

/**
 * Importing one of Node's own modules evaluates all that it exports, what it would load only when used too: of `node:http`
 * the whole of undici, 8 MB in every process. Taken as an object, a property is evaluated when it is read.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(builder) {
    builder.onResolve({ filter: /^node:(http|util)$/ }, ({ path: name, kind }) =>
      kind === 'import-statement' ? { path: name, namespace: 'builtin' } : undefined,
    );
    builder.onLoad({ filter: /./, namespace: 'builtin' }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule('${name}');`,
    }));
  },
};

async function main(): Promise<void> {
  const outdir = path.join(ROOT, 'dist');
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outdir,
    bundle: true,
    splitting: true,
    // Beside the entries: a module finds its worker beside itself, whichever file it ends up in.
    chunkNames: 'chunk-[hash]',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    packages: 'bundle',
    external: ['@lydell/node-pty'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    outExtension: { '.js': '.mjs' },
    sourcemap: 'linked',
    // The text of what is loaded stays in memory. Names stay, and lines, for stack traces.
    minifyWhitespace: true,
    lineLimit: 160,
    plugins: [lazyBuiltins],
    keepNames: true,
    metafile: true,
    logLevel: 'warning',
  });
  const bytes = Object.values(result.metafile.outputs).reduce((total, output) => total + output.bytes, 0);
  writeFileSync(path.join(outdir, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`);
  cpSync(path.join(ROOT, 'LICENSE'), path.join(outdir, 'LICENSE'));
  process.stderr.write(`built dist/ (${Math.round(bytes / 1024)} KiB)\n`);
}

await main();
