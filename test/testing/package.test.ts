/**
 * What others install: the package as `npm pack` makes it, unpacked into a project's `node_modules`, without any other
 * package beside it. The examples are that project's tests.
 */
import { match, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../..');
const skip = await run('npm', ['--version']).then(
  () => false,
  () => 'npm is not installed',
);

const folder = mkdtempSync(path.join(tmpdir(), 'kintsugi-package-'));
const project = path.join(folder, 'project');

after(() => rmSync(folder, { recursive: true, force: true }));

before(async () => {
  if (skip !== false) return;
  const staged = path.join(folder, 'staged');
  // Beside the checkout's own dist/, which is left alone.
  for (const name of ['package.json', 'bin', 'docs', 'README.md', 'LICENSE', 'NOTICE', 'CHANGELOG.md']) {
    cpSync(path.join(ROOT, name), path.join(staged, name), { recursive: true });
  }
  await run(process.execPath, [path.join(ROOT, 'tools/build.ts'), '--out', path.join(staged, 'dist')]);
  await run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], {
    cwd: staged,
  });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  ok(archive !== undefined, 'npm pack makes an archive');
  const modules = path.join(project, 'node_modules');
  mkdirSync(modules, { recursive: true });
  await run('tar', ['-xzf', path.join(folder, archive), '-C', modules]);
  await run('mv', [path.join(modules, 'package'), path.join(modules, 'kintsugi')]);
  cpSync(path.join(import.meta.dirname, 'vitest-stand-in'), path.join(modules, 'vitest'), {
    recursive: true,
  });
  cpSync(path.join(ROOT, 'examples'), path.join(project, 'examples'), { recursive: true });
  writeFileSync(path.join(project, 'package.json'), '{ "type": "module" }');
});

async function nodeTest(...files: string[]): Promise<string> {
  // Else it takes itself for a part of this run, and reports to it.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--test', '--test-reporter=spec', ...files];
  const { stdout } = await run(process.execPath, args, { cwd: project, env }).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}

test('kintsugi/testing: the packed package runs the examples in TypeScript', { skip }, async () => {
  match(
    await nodeTest('examples/testing/web-app.test.ts', 'examples/testing/expiry-controller.test.ts'),
    /pass 6\n/,
  );
});

test('kintsugi/testing: the packed package runs the vitest example in JavaScript', { skip }, async () => {
  match(await nodeTest('examples/testing/vitest/rollout.test.js'), /pass 1\n/);
});

test('kintsugi/testing: the packed package can be required, listens on HTTPS, and names places of the test', {
  skip,
}, async () => {
  const file = path.join(project, 'leak.test.cjs');
  writeFileSync(
    file,
    `const { test } = require('node:test');
const assert = require('node:assert/strict');
const { startCluster, LeakError } = require('kintsugi/testing');
test('leak', async () => {
  const cluster = await startCluster({ https: true });
  assert.match(cluster.https.kubeconfigText, /server: "https:/);
  cluster.onEvent(() => {});
  await assert.rejects(cluster.stop(), (error) => {
    assert.ok(error instanceof LeakError);
    assert.match(error.message, /a listener of onEvent, from leak.test.cjs:7:11$/);
    return true;
  });
});
`,
  );
  match(await nodeTest(file), /pass 1\n/);
});

test('kintsugi/testing: the packed types hold in a strict project of another', { skip }, async () => {
  const types = path.join(project, 'node_modules/@types');
  mkdirSync(types, { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules/@types/node'), path.join(types, 'node'));
  const options = { strict: true, noEmit: true, module: 'NodeNext', target: 'ES2024', types: ['node'] };
  const files = [
    'examples/testing/web-app.test.ts',
    'examples/testing/expiry-controller.test.ts',
    'wrong.ts',
  ];
  const compilerOptions = { ...options, allowImportingTsExtensions: true };
  writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  writeFileSync(
    path.join(project, 'wrong.ts'),
    `import { startCluster } from 'kintsugi/testing';
const cluster = await startCluster();
// @ts-expect-error there is no such option
await startCluster({ node: 3 });
// @ts-expect-error a Deployment has no phase
(await cluster.get('deployment/web')).status?.phase;
const phase: string | undefined = (await cluster.client.get('po', 'web')).status?.phase;
console.log(phase, (await cluster.get('widget/a'))['spec']);
`,
  );
  await run(path.join(ROOT, 'node_modules/.bin/tsc'), ['-p', project]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
});

test('kintsugi/testing: the packed package has no sources, no maps, and still its program', {
  skip,
}, async () => {
  const installed = path.join(project, 'node_modules/kintsugi');
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  ok(!files.some((name) => name.endsWith('.map') || name.startsWith('src')));
  ok(existsSync(path.join(installed, 'docs/testing.md')));
  const { stdout } = await run(path.join(installed, 'bin/kintsugi'), ['version', '--client'], {
    env: { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` },
  }).catch((error: { stdout: string; stderr: string }) => error);
  match(stdout, /kintsugi|0\.1\.0/i);
});
