/** What `table` itself has under a key that somebody else chose: `constructor` and `__proto__` are in none that lacks them. */
export function ownValue<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
