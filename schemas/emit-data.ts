/**
 * Writes the schema data: one line of text per definition, so that loading it parses only a few hundred JSON strings and a
 * definition is expanded when it is first asked for. The grammar is described in schemas/README.md and read by src/api/schema.ts.
 */
import type { ModelDefinition, ModelField, ModelPackage, Target } from './model.ts';

interface PackageData {
  group: string;
  version: string;
  prefix: string;
  enums: Record<string, string>;
  definitions: Record<string, string>;
}

const ZERO: Record<string, unknown> = { s: '', b: false, i: 0, l: 0, u: 0, f: 0 };

export function emitData(packages: ModelPackage[]): string {
  const data: Record<string, PackageData> = {};
  for (const entry of packages) {
    const definitions: Record<string, string> = {};
    for (const definition of entry.definitions.values())
      definitions[definition.name] = line(entry, definition);
    data[entry.id] = {
      group: entry.group,
      version: entry.version,
      prefix: entry.openapiPrefix,
      enums: usedEnums(entry, definitions),
      definitions,
    };
  }
  return `${JSON.stringify(data, null, 1)}\n`;
}

function usedEnums(entry: ModelPackage, definitions: Record<string, string>): Record<string, string> {
  const text = Object.values(definitions).join(' ');
  const enums: Record<string, string> = {};
  for (const [name, values] of [...entry.enums].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const isUsed = new RegExp(`[.\\]]${name}(?![A-Za-z])`).test(text);
    if (isUsed && values.length > 0) enums[name] = [...values].sort().join(',');
  }
  return enums;
}

function line(entry: ModelPackage, definition: ModelDefinition): string {
  if (definition.alias) {
    return `=${definition.alias.map((form) => `${form.shape === 'list' ? '[]' : ''}${target(entry, form.target)}`).join('|')}`;
  }
  const words: string[] = [];
  if (definition.isKind) words.push('!kind');
  if (definition.atomic) words.push('!atomic');
  for (const field of definition.fields) words.push(word(entry, field));
  return words.join(' ');
}

function word(entry: ModelPackage, field: ModelField): string {
  const shape = { one: '', list: '[]', map: '{}' }[field.shape];
  const parts = [
    `${field.name}${field.required ? '' : '?'}=${field.numbers.join('.')}:${shape}${target(entry, field.target)}`,
  ];
  if (field.omitZero) parts.push('o');
  if (field.goType !== undefined) parts.push(`g=${field.goType}`);
  if (field.listType !== undefined) parts.push(`lt=${field.listType}`);
  if (field.listMapKeys !== undefined) parts.push(`lk=${field.listMapKeys.join(',')}`);
  if (field.mapAtomic) parts.push('ma');
  if (field.patchStrategy !== undefined) parts.push(`ps=${field.patchStrategy}`);
  if (field.patchMergeKey !== undefined) parts.push(`pk=${field.patchMergeKey}`);
  const fallback = defaultWord(field);
  if (fallback !== undefined) parts.push(fallback);
  return parts.join(';');
}

/** `z`: the zero value of the type; `d=`: anything else. Empty structs are left out: they say nothing. */
function defaultWord(field: ModelField): string | undefined {
  if (field.default === undefined || (typeof field.default === 'object' && field.shape === 'one'))
    return undefined;
  if ('scalar' in field.target && ZERO[field.target.scalar] === field.default) return 'z';
  return `d=${encodeURIComponent(JSON.stringify(field.default))}`;
}

function target(entry: ModelPackage, to: Target): string {
  if ('scalar' in to) return to.scalar;
  return to.package === entry.id ? to.name : `${to.package}.${to.name}`;
}
