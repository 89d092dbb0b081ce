/** Go's name of a field's type as error messages print it (`v1.PullPolicy`), where it does not follow from the schema. */
import type { ModelField, SourcePackage } from './model.ts';

const BUILTIN: Record<string, string> = {
  s: 'string',
  b: 'bool',
  i: 'int32',
  l: 'int64',
  u: 'uint32',
  f: 'float64',
  y: '[]uint8',
};

export function goTypeName(source: SourcePackage, written: string, field: ModelField): string | undefined {
  const packageName = source.path.split('/').at(-1) ?? '';
  const goName = qualify(written.replace(/^\*/, ''), packageName);
  return goName === derivedName(field) ? undefined : goName;
}

/** Prefixes a package's own types with its name and drops import aliases: `metav1.Time` is printed `v1.Time`. */
function qualify(type: string, packageName: string): string {
  if (type.startsWith('[]')) return `[]${qualify(type.slice(2), packageName)}`;
  if (type.startsWith('*')) return `*${qualify(type.slice(1), packageName)}`;
  const map = /^map\[([^\]]+)\](.*)$/.exec(type);
  if (map) return `map[${qualify(map[1] ?? '', packageName)}]${qualify(map[2] ?? '', packageName)}`;
  if (type === 'byte') return 'uint8';
  const dot = type.indexOf('.');
  if (dot > 0) return `${type.slice(0, dot).replace(/^[a-z]*?(v\d\w*)$/, '$1')}${type.slice(dot)}`;
  return /^[A-Z]/.test(type) ? `${packageName}.${type}` : type;
}

/** What a reader of the data concludes without a hint. */
function derivedName(field: ModelField): string {
  const { target } = field;
  const one = 'scalar' in target ? BUILTIN[target.scalar] : `${target.package.split('/')[1]}.${target.name}`;
  if (field.shape === 'list') return `[]${one}`;
  return field.shape === 'map' ? `map[string]${one}` : `${one}`;
}
