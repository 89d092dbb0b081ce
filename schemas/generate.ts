/**
 * `npm run generate:schemas`: reads the pinned upstream packages and writes `src/api/generated/`.
 *
 * The only step that needs a network; its output is committed. `SCHEMA_SOURCES=DIR` reads already unpacked packages instead.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emitData } from './emit-data.ts';
import { emitTypes, typesFileName } from './emit-types.ts';
import { parseGoPackage } from './go-parser.ts';
import { writeGolden } from './golden.ts';
import { handWrittenPackages } from './hand-written.ts';
import { ModelBuilder, type SourcePackage } from './model.ts';
import { fetchSources } from './packages.ts';
import { parseProto } from './proto-parser.ts';

const GENERATED = join(import.meta.dirname, '../src/api/generated');
const ROOTS = ['api', 'apimachinery/pkg/apis/meta', 'apiextensions-apiserver/pkg/apis/apiextensions'];
/** This release serves what is removed in a later minor. */
const TARGET_MINOR = 36;
/** Types for webhooks of the API server itself; nothing that a cluster stores or answers. */
const LEFT_OUT = /api\/(imagepolicy|extensions)\/|meta\/v1beta1$|apiextensions\/v1beta1$/;
const LEFT_OUT_OF_GOLDEN = /meta\/v1beta1$|apiextensions\/v1beta1$/;

function main(): void {
  const workDir = mkdtempSync(join(tmpdir(), 'kubernetes-schemas-'));
  try {
    const root = process.env['SCHEMA_SOURCES'] ?? fetchSources(workDir);
    write(root);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function write(root: string): void {
  const apply = readFileSync(join(root, 'client-go/applyconfigurations/internal/internal.go'), 'utf8');
  const everything = ROOTS.flatMap((dir) => sourcePackages(root, dir));
  const sources = everything.filter(({ path }) => !LEFT_OUT.test(path));
  const packages = [...new ModelBuilder(sources, apply, TARGET_MINOR).build(), ...handWrittenPackages()];
  packages.sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const file of readdirSync(GENERATED)) rmSync(join(GENERATED, file));
  for (const entry of packages) writeFileSync(join(GENERATED, typesFileName(entry.id)), emitTypes(entry));
  writeFileSync(join(GENERATED, 'schema-data.json'), emitData(packages));
  const ofEveryRelease = new ModelBuilder(everything, apply, 0).build();
  writeGolden(join(root, 'api/testdata/HEAD'), emitData(ofEveryRelease));
}

function sourcePackages(root: string, dir: string): SourcePackage[] {
  const folders = readdirSync(join(root, dir), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name === 'generated.proto')
    .map((entry) => entry.parentPath)
    .filter((path) => !LEFT_OUT_OF_GOLDEN.test(path))
    .sort();
  return folders.map((path) => {
    const names = readdirSync(path).filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'));
    const files = new Map(names.map((name) => [name, readFileSync(join(path, name), 'utf8')]));
    return {
      path,
      proto: parseProto(readFileSync(join(path, 'generated.proto'), 'utf8')),
      go: parseGoPackage(files),
    };
  });
}

main();
