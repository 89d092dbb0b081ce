/**
 * The pinned upstream packages that the schemas are read from, and how they are fetched.
 *
 * They are Debian's source packages of Kubernetes' Go modules (Apache-2.0), taken from the suite below through a
 * source list of our own, so that the machine's own lists stay untouched. A package whose checksum differs is refused.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface PinnedPackage {
  name: string;
  version: string;
  sha256: string;
}

const SUITE = 'sid';
const MIRROR = 'http://deb.debian.org/debian';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

const PACKAGES: PinnedPackage[] = [
  {
    name: 'golang-k8s-api-dev',
    version: '0.36.4-1',
    sha256: '0b5f0e6bb3c55edf6a564496c5997b729e0b03c6597891a32dac9b6d71b9e109',
  },
  {
    name: 'golang-k8s-apimachinery-dev',
    version: '0.36.4-3',
    sha256: '020045b2e32576be3350f382133cefaa6342f17ab8df24175667f6882b32925b',
  },
  {
    name: 'golang-k8s-client-go-dev',
    version: '0.36.4-1',
    sha256: '959e75cd6a104d00a7b0262867f5064141a092dfd3ad55915033474c774e628a',
  },
  {
    name: 'golang-k8s-apiextensions-apiserver-dev',
    version: '0.36.4-1',
    sha256: '2b99dfbbdbea3372c625abfb6fcbdaf9ea79e36110bf06a66ac014c25f9babf8',
  },
];

/** Downloads, verifies and unpacks the packages below `workDir`; returns the folder that holds `api/`, `apimachinery/` … */
export function fetchSources(workDir: string): string {
  const debDir = join(workDir, 'deb');
  const options = aptOptions(workDir);
  mkdirSync(debDir, { recursive: true });
  execFileSync('apt-get', [...options, 'update'], { stdio: 'inherit' });
  const wanted = PACKAGES.map((entry) => `${entry.name}=${entry.version}`);
  execFileSync('apt-get', [...options, 'download', ...wanted], { cwd: debDir, stdio: 'inherit' });
  const outDir = join(workDir, 'out');
  for (const entry of PACKAGES) execFileSync('dpkg-deb', ['-x', verifiedFile(debDir, entry), outDir]);
  return join(outDir, 'usr/share/gocode/src/k8s.io');
}

function aptOptions(workDir: string): string[] {
  const sourceList = join(workDir, 'sources.list');
  mkdirSync(join(workDir, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(workDir, 'cache', 'archives', 'partial'), { recursive: true });
  writeFileSync(sourceList, `deb [signed-by=${KEYRING}] ${MIRROR} ${SUITE} main\n`);
  const settings = {
    'Dir::Etc::sourcelist': sourceList,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(workDir, 'lists'),
    'Dir::Cache': join(workDir, 'cache'),
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

function verifiedFile(debDir: string, entry: PinnedPackage): string {
  const name = readdirSync(debDir).find((file) => file.startsWith(`${entry.name}_`));
  if (name === undefined) throw new Error(`${entry.name} ${entry.version} was not downloaded`);
  const path = join(debDir, name);
  const actual = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (actual !== entry.sha256) throw new Error(`${name}: sha256 is ${actual}, pinned is ${entry.sha256}`);
  return path;
}
