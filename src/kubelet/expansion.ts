/**
 * `$(VAR)` in commands, arguments and values: `$$` is a literal dollar, an unknown variable stays as written. Pure.
 *
 * @see k8s.io/kubernetes/third_party/forked/golang/expansion
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole: string, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? whole;
  });
}

/** As {@link expandVariables}, and the first name that is not defined, for paths, where that is an error. */
export function expandStrictly(
  text: string,
  variables: ReadonlyMap<string, string>,
): { value: string } | { missing: string } {
  let missing: string | undefined;
  const value = text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole: string, name: string | undefined) => {
    if (name === undefined) return '$';
    const known = variables.get(name);
    if (known === undefined) missing ??= name;
    return known ?? whole;
  });
  return missing === undefined ? { value } : { missing };
}
