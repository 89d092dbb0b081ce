/**
 * Writes `src/api/golden/golden.json.br`: the golden objects of upstream's API package, each as JSON, YAML and protobuf, and the
 * definitions of the kinds among them that no release serves any more. Only tests read it (`golden.fixture.ts`).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Golden, GoldenObject } from '../src/api/golden/golden.fixture.ts';

const API = join(import.meta.dirname, '../src/api');
const GENERATED_DATA = join(API, 'generated/schema-data.json');
const GOLDEN_FILE = join(API, 'golden/golden.json.br');

/** @param allData  schema data of every kind there ever was; what the product's own has is taken from there */
export function writeGolden(folder: string, allData: string): void {
  const served = JSON.parse(readFileSync(GENERATED_DATA, 'utf8')) as Golden['packages'];
  const packages = JSON.parse(allData) as Golden['packages'];
  for (const [id, entry] of Object.entries(packages)) {
    for (const name of Object.keys(served[id]?.definitions ?? {})) delete entry.definitions[name];
    if (Object.keys(entry.definitions).length === 0) delete packages[id];
  }
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const objects = names.sort().map((name) => goldenObject(folder, name.slice(0, -'.json'.length)));
  const text = Buffer.from(JSON.stringify({ packages, objects } satisfies Golden));
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  };
  writeFileSync(GOLDEN_FILE, brotliCompressSync(text, { params }));
}

function goldenObject(folder: string, name: string): GoldenObject {
  const read = (extension: string) => readFileSync(join(folder, `${name}.${extension}`));
  return {
    name,
    json: read('json').toString('utf8'),
    yaml: read('yaml').toString('utf8'),
    protobuf: read('pb').toString('base64'),
  };
}
