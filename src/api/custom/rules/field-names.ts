/** How expressions write the names of fields that are no names of the language: `__namespace__`, `x__dash__y`. @see k8s.io/apiserver/pkg/cel/escaping.go */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var void ' +
    'while'
  ).split(' '),
);
const SPECIAL: readonly (readonly [string, string])[] = [
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
];

/** `undefined` for a name that expressions cannot write. */
export function escapeFieldName(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  let escaped = name;
  for (const [text, by] of SPECIAL) escaped = escaped.replaceAll(text, by);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
}
