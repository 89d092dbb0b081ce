// Runs one of this repository's TypeScript scripts on Node 24, whatever Node started npm, and installs the
// dependencies first where they are missing. Plain JavaScript: this file must also run on an old Node.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [script, ...rest] = process.argv.slice(2);

/** npm keeps a copy of the lockfile beside what it installed: when it is older, something is missing. */
function isInstalled() {
  const marker = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(marker)) return false;
  return (
    statSync(marker).mtimeMs >= statSync(path.join(root, 'package-lock.json')).mtimeMs || sameDependencies()
  );
}

/** A checkout touches the lockfile without changing it: compare what it asks for with what is there. */
function sameDependencies() {
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(
    readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8'),
  ).packages;
  return Object.entries(wanted).every(
    ([name, entry]) =>
      name === '' || entry.optional || entry.devOptional || present[name]?.version === entry.version,
  );
}

/**
 * `npm install`, not `npm ci`: the lockfile pins every package with its integrity, but a registry may lack those that
 * only other platforms use, and `npm ci` refuses a lockfile without them.
 */
function install() {
  process.stderr.write('kintsugi: installing dependencies (npm install), once …\n');
  const started = Date.now();
  const npm = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    process.stderr.write('kintsugi: "npm install" failed: see above; is the npm registry reachable?\n');
    process.exit(1);
  }
  process.stderr.write(`kintsugi: installed in ${Math.round((Date.now() - started) / 1000)} s\n`);
}

function findNode() {
  const packaged = path.join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  if (existsSync(packaged)) return packaged;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  process.stderr.write(
    `kintsugi: needs Node 24 or newer; this is ${process.version} and no packaged Node was installed for ${process.platform}-${process.arch}\n`,
  );
  process.exit(1);
}

if (!isInstalled()) install();
const node = findNode();
const bin = path.join(root, 'node_modules', '.bin');
const child = spawnSync(node, ['--disable-warning=ExperimentalWarning', path.join(root, script), ...rest], {
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${path.dirname(node)}${path.delimiter}${bin}${path.delimiter}${process.env.PATH}`,
  },
});
process.exit(child.status ?? 1);
