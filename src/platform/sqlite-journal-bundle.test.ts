import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

test('openSqliteJournal finds its thread when both are bundled side by side', async (t) => {
  const outdir = await mkdtemp(join(tmpdir(), 'kintsugi-bundle-'));
  t.after(() => rm(outdir, { recursive: true, force: true }));
  const source = (name: string) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  await writeFile(
    join(outdir, 'main.ts'),
    `import { openSqliteJournal } from ${JSON.stringify(source('sqlite-journal'))};
     const journal = openSqliteJournal({ directory: process.argv[2] });
     const { revision } = await journal.load(new AbortController().signal);
     await journal.close();
     console.log('revision', revision);`,
  );
  await build({
    entryPoints: [join(outdir, 'main.ts'), source('sqlite-journal-worker')],
    entryNames: '[name]',
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}');
  const output = execFileSync(process.execPath, [join(outdir, 'main.js'), join(outdir, 'data')], {
    encoding: 'utf8',
  });
  assert.equal(output, 'revision 0\n');
});
