/** The blocks of docs/testing.md, run together as the one test file that they are. */
import { equal, match } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { hasKubectl, kubectlPath } from '../tools/kubectl.ts';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../..');

test('docs/testing.md: every block compiles and holds', async (t) => {
  const text = readFileSync(path.join(ROOT, 'docs/testing.md'), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  equal(blocks.length, 6);
  // Within the repository, where `kintsugi/testing` is this checkout.
  const file = path.join(import.meta.dirname, `from-docs-${process.pid}.ts`);
  t.after(() => rmSync(file, { force: true }));
  writeFileSync(file, blocks.join('\n'));
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
  const options = [
    '--noEmit',
    '--ignoreConfig',
    '--strict',
    '--allowImportingTsExtensions',
    '--skipLibCheck',
  ];
  const target = ['--module', 'NodeNext', '--target', 'ES2024', '--types', 'node'];
  const sources = ['--customConditions', 'kintsugi-source', '--resolveJsonModule', '--erasableSyntaxOnly'];
  await run(tsc, [...options, ...target, ...sources, file], { cwd: ROOT }).catch(
    (error: { stdout: string }) => {
      throw new Error(error.stdout);
    },
  );
  const kubectl = (await hasKubectl()) ? { KUBECTL: await kubectlPath() } : {};
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=spec', file], {
    cwd: ROOT,
    env: { ...env, ...kubectl },
  }).catch((error: { stdout: string }) => error);
  match(stdout, /fail 0\n/, stdout);
  match(stdout, /pass [56]\n/);
});
