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
      enums: usedEnums(packages, entry),
      definitions,
    };
  }
  return `${JSON.stringify(data, null, 1)}\n`;
}

/** Every `+enum` type of the package that a field of any package is of. */
function usedEnums(packages: ModelPackage[], entry: ModelPackage): Record<string, string> {
  const used = new Map<string, string>();
  for (const other of packages) {
    for (const { fields } of other.definitions.values()) {
      for (const { enumType } of fields) {
        const values = enumType?.package === entry.id ? entry.enums.get(enumType.name) : undefined;
        if (enumType && values) used.set(enumType.name, [...new Set(values)].sort().join(','));
      }
    }
  }
  return Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1)));
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
  if (field.pointer) parts.push('p');
  if (field.goType !== undefined) parts.push(`g=${field.goType}`);
  if (field.listType !== undefined) parts.push(`lt=${field.listType}`);
  if (field.listMapKeys !== undefined) parts.push(`lk=${field.listMapKeys.join(',')}`);
  if (field.mapType !== undefined) parts.push(`mt=${field.mapType}`);
  if (field.enumType !== undefined) parts.push(`e=${target(entry, field.enumType)}`);
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
