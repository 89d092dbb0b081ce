/**
 * What a user may call a resource: `pods`, `pod`, `po`, `Pod`, `deployments.apps`, `deployments.v1.apps`, and the category
 * `all`. Where several groups know a name, the first in upstream's order of groups counts.
 */
import { allResources, type ResourceRow } from '../api/resources.ts';
import { UsageError } from './usage-error.ts';

/** One or several comma-separated names, categories opened. @throws UsageError for an unknown one */
export function findResources(names: string): ResourceRow[] {
  return names.split(',').flatMap((name) => {
    const category = allResources().filter((row) => row.categories.includes(name) && isPreferred(row));
    if (category.length > 0) return category;
    return [findResourceByName(name)];
  });
}

/** @throws UsageError when no kind is called so */
export function findResourceByName(name: string): ResourceRow {
  const [plain = '', ...qualifier] = name.toLowerCase().split('.');
  const row = allResources().find((candidate) => isCalled(candidate, plain) && matches(candidate, qualifier));
  if (row !== undefined) return row;
  throw new UsageError(
    `the server doesn't have a resource type "${name}"; \`kintsugi api-resources\` lists them`,
  );
}

function isCalled(row: ResourceRow, name: string): boolean {
  return !row.virtual && [row.resource, row.singular, ...row.shortNames].includes(name);
}

/** `apps`, `v1.apps`, or nothing. */
function matches(row: ResourceRow, qualifier: readonly string[]): boolean {
  const text = qualifier.join('.');
  return text === '' || text === row.group || text === `${row.version}.${row.group}`;
}

/** Of a kind that several versions serve, the first row is the one to show. */
function isPreferred(row: ResourceRow): boolean {
  return allResources().find(({ group, kind }) => group === row.group && kind === row.kind) === row;
}

/** A resource, and the names in it that were asked for. */
export interface Selection {
  row: ResourceRow;
  names: string[];
}

/**
 * The arguments of `get`, `describe` and `delete`: `pods`, `pods a b`, `pod/a deploy/b`, `pods,services`.
 * @throws UsageError for a mix of the two forms
 */
export function parseSelections(args: readonly string[]): Selection[] {
  const [first] = args;
  if (first === undefined) {
    throw new UsageError('name a resource type, for example `pods`, `deployment/web` or `all`');
  }
  if (args.some((arg) => arg.includes('/'))) {
    return args.map((arg) => {
      const [type = '', name = '', ...rest] = arg.split('/');
      if (name === '' || rest.length > 0) {
        throw new UsageError(`"${arg}" must be TYPE/NAME; a name alone cannot follow TYPE/NAME`);
      }
      return { row: findResourceByName(type), names: [name] };
    });
  }
  const rows = findResources(first);
  return rows.map((row) => ({ row, names: args.slice(1) }));
}
