/**
 * Reads what only the Go sources say: JSON names and `omitempty` (struct tags), embedded structs, which types are kinds
 * (they embed `TypeMeta`), names of Go types (error messages quote them), `+enum` values, and removal releases.
 */
export interface GoField {
  /** Empty for an embedded struct. */
  jsonName: string;
  omitEmpty: boolean;
  goType: string;
  /** Absent when the field is not in the protobuf form. */
  number: number | undefined;
  embedded: boolean;
}

export interface GoPackage {
  groupName: string;
  structs: Map<string, GoField[]>;
  /** `type X <something other than struct>`. */
  named: Map<string, string>;
  enums: Map<string, string[]>;
  /** From import alias to protobuf package: `v1` to `k8s.io.api.core.v1`. */
  imports: Map<string, string>;
  /** Kinds whose release of removal is known: minor version. */
  removedIn: Map<string, number>;
}

const STRUCT = /^type (\w+) struct \{/;
const NAMED = /^type (\w+) ([\w[\].*]+)$/;
const TAGGED = /^\s+(.+?)\s+`([^`]*json:"[^`]*)`/;
const GROUP = /(?:const\s+)?GroupName\s+=\s+"([^"]*)"/;
/** `Name Type = "value"` or `Name = Type("value")`. */
const ENUM_VALUE = /^\s+\w+\s+(?:(\w+)\s+=\s+|=\s+(\w+)\()"([^"]*)"/gm;
const IMPORT = /^\s+(?:(\w+) )?"(k8s\.io\/[^"]+)"$/gm;
const REMOVED = /func \(in \*(\w+)\) APILifecycleRemoved\(\) \(major, minor int\) \{\s+return 1, (\d+)/g;

export function parseGoPackage(files: Map<string, string>): GoPackage {
  const result: GoPackage = {
    groupName: '',
    structs: new Map(),
    named: new Map(),
    enums: new Map(),
    imports: new Map(),
    removedIn: new Map(),
  };
  for (const [name, text] of files) {
    if (name === 'register.go') result.groupName = GROUP.exec(text)?.[1] ?? '';
    if (name.endsWith('lifecycle.go')) {
      for (const match of text.matchAll(REMOVED)) result.removedIn.set(match[1] ?? '', Number(match[2]));
    }
    if (/^(types.*|.*_types|duration|generated_expansion)\.go$/.test(name) && !name.includes('swagger')) {
      parseTypes(text, result);
    }
  }
  return result;
}

function parseTypes(text: string, into: GoPackage): void {
  let fields: GoField[] | undefined;
  let isEnum = false;
  for (const line of text.split('\n')) {
    if (/^\/\/ \+enum\s*$/.test(line)) isEnum = true;
    const struct = STRUCT.exec(line);
    const named = NAMED.exec(line);
    if (struct) {
      fields = [];
      into.structs.set(struct[1] ?? '', fields);
    } else if (named) {
      into.named.set(named[1] ?? '', named[2] ?? '');
      if (isEnum) into.enums.set(named[1] ?? '', []);
    } else if (line === '}') fields = undefined;
    else if (fields) pushField(line, fields);
    if (line.startsWith('type ')) isEnum = false;
  }
  for (const match of text.matchAll(ENUM_VALUE)) {
    into.enums.get(match[1] ?? match[2] ?? '')?.push(match[3] ?? '');
  }
  for (const match of text.matchAll(IMPORT)) {
    const path = match[2] ?? '';
    into.imports.set(
      match[1] ?? path.split('/').at(-1) ?? '',
      path.replaceAll('/', '.').replaceAll('-', '_'),
    );
  }
}

function pushField(line: string, fields: GoField[]): void {
  const match = TAGGED.exec(line);
  if (!match || /^\s*\/\//.test(line)) return;
  const words = (match[1] ?? '').trim().split(/\s+/);
  const json = (/json:"([^"]*)"/.exec(match[2] ?? '')?.[1] ?? '').split(',');
  const number = /protobuf:"[^",]*,(\d+)/.exec(match[2] ?? '')?.[1];
  if (json[0] === '-') return;
  fields.push({
    jsonName: json[0] ?? '',
    omitEmpty: json.includes('omitempty') || json.includes('omitzero'),
    goType: words.at(-1) ?? '',
    number: number === undefined ? undefined : Number(number),
    embedded: words.length === 1,
  });
}
