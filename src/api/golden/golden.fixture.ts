/**
 * The golden objects of upstream's API package (`k8s.io/api/testdata/HEAD`): every kind with every field set, as upstream's own
 * serializers write it. `npm run generate:schemas` makes the file.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import data from '../generated/schema-data.json' with { type: 'json' };
import { type PackageData, SchemaSet } from '../schema.ts';

const GOLDEN_FILE = join(import.meta.dirname, 'golden.json.br');

export interface Golden {
  /** Schema data of what the product's own does not have: kinds that no release serves any more. */
  packages: Record<string, PackageData>;
  objects: GoldenObject[];
}

export interface GoldenObject {
  /** `apps.v1.Deployment`. */
  name: string;
  json: string;
  yaml: string;
  /** In base64. */
  protobuf: string;
}

export function readGolden(): Golden {
  return JSON.parse(brotliDecompressSync(readFileSync(GOLDEN_FILE)).toString('utf8')) as Golden;
}

/** The product's definitions, and beside them those of `retired`. */
export function withRetired(retired: Golden['packages']): SchemaSet {
  const packages: Record<string, PackageData> = { ...data };
  for (const [id, entry] of Object.entries(retired)) {
    const definitions = { ...entry.definitions, ...packages[id]?.definitions };
    packages[id] = { ...entry, ...packages[id], definitions };
  }
  return new SchemaSet(packages);
}
