/**
 * `npm run build`: bundles each entry point into one file under `dist/`, so that starting reads few files; and
 * `kintsugi/testing` with its types, which others import from `node_modules`, where Node strips none.
 * `--out DIR` builds elsewhere.
 *
 * Packages stay outside the bundle where they are imported only when used, or carry native code.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { emitTypes } from './emit-types.ts';

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

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  packages: 'bundle',
  external: ['@lydell/node-pty'],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  sourcemap: 'linked',
  // The text of what is loaded stays in memory. Names stay, and lines, for stack traces.
  minifyWhitespace: true,
  lineLimit: 160,
  plugins: [lazyBuiltins],
  keepNames: true,
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string', default: path.join(ROOT, 'dist') } } });
  const outdir = path.resolve(values.out);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const builds = [
    // Beside the entries: a module finds its worker beside itself, whichever file it ends up in.
    { entryPoints: ENTRIES, outExtension: { '.js': '.mjs' }, chunkNames: 'chunk-[hash]' },
    // Apart from the product, whose chunks it would cut smaller.
    { entryPoints: { testing: 'src/testing/entry.ts' }, chunkNames: 'testing-[hash]' },
  ];
  const results = await Promise.all(builds.map((options) => build({ ...COMMON, ...options, outdir })));
  const outputs = results.flatMap(({ metafile }) => Object.values(metafile.outputs));
  const bytes = outputs.reduce((total, output) => total + output.bytes, 0);
  writeFileSync(path.join(outdir, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`);
  cpSync(path.join(ROOT, 'LICENSE'), path.join(outdir, 'LICENSE'));
  const types = emitTypes(ROOT, path.join(outdir, 'types'));
  writeFileSync(path.join(outdir, 'testing.d.ts'), `export * from './types/${types}';\n`);
  process.stderr.write(`built ${path.relative(process.cwd(), outdir)}/ (${Math.round(bytes / 1024)} KiB)\n`);
}

await main();
