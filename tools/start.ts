/**
 * `npm start`: builds if the source is newer than the last build, then runs a cluster of two nodes with the example
 * application, and says what to try. Further arguments go to `kintsugi up`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, globSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const BUNDLE = path.join(ROOT, 'dist/kintsugi.mjs');
const EXAMPLE = path.join(ROOT, 'examples/web-app');

function isBuilt(): boolean {
  if (!existsSync(BUNDLE)) return false;
  const builtMs = statSync(BUNDLE).mtimeMs;
  return globSync('src/**/*.{ts,json}', { cwd: ROOT }).every(
    (file) => statSync(path.join(ROOT, file)).mtimeMs <= builtMs,
  );
}

/** Somebody else's checkout is run as it is: `bin/kintsugi` takes the sources where the bundle is out of date. */
function mayBuild(): boolean {
  try {
    accessSync(ROOT, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function build(): void {
  const built = spawnSync(process.execPath, [path.join(ROOT, 'tools/build.ts')], { stdio: ['ignore', 2, 2] });
  if (built.status !== 0) process.exit(built.status ?? 1);
}

const TRY = `
Try, in another terminal (kubectl works as well, with the KUBECONFIG above):
  bin/kintsugi get pods                          five copies, Ready in a few seconds
  curl http://127.0.0.1:30080/                   through the Service: a Pod's name
  curl -X POST http://127.0.0.1:30080/crash      one dies; watch it come back: bin/kintsugi get pods -w
  curl -X POST http://127.0.0.1:30080/hang       one hangs; its liveness probe has it restarted
  bin/kintsugi delete pod NAME                   another takes its place
  bin/kintsugi events --watch                    every repair, and why
Ctrl-C stops everything and loses nothing. More: examples/web-app/README.md
`;

function main(): void {
  if (!isBuilt() && mayBuild()) build();
  const args = [
    'up',
    '--nodes',
    '2',
    '--image',
    `web-app:1.0=${EXAMPLE}`,
    '-f',
    path.join(EXAMPLE, 'web-app.yaml'),
  ];
  const child = spawn(path.join(ROOT, 'bin/kintsugi'), [...args, ...process.argv.slice(2)], {
    stdio: ['inherit', 'pipe', 'inherit'],
  });
  let told = false;
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    if (told || !chunk.includes('ready')) return;
    told = true;
    process.stderr.write(TRY);
  });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => child.kill(name));
  child.on('exit', (code) => process.exit(code ?? 1));
}

main();
