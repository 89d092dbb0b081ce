/** `api-resources`: every kind there is, with the names by which it can be called. */
import { allResources } from '../../api/resources.ts';
import type { CliWorld } from '../cli-world.ts';
import { TextTable } from '../printers/text-table.ts';

export async function apiResources(world: CliWorld): Promise<number> {
  const table = new TextTable(['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND']);
  const rows = allResources().map((row) => [
    row.resource,
    row.shortNames.join(','),
    row.group === '' ? row.version : `${row.group}/${row.version}`,
    String(row.namespaced),
    row.kind,
  ]);
  await world.stdout.write(table.format(rows));
  return 0;
}
