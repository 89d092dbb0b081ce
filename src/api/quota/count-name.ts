/** `count/deployments.apps`, `count/secrets`: the name by which quotas limit the number of objects of a kind. */
export function countName({ group, resource }: { group: string; resource: string }): string {
  return group === '' ? `count/${resource}` : `count/${resource}.${group}`;
}
