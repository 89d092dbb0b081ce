/** `get`: the server's Table, or the objects themselves; with `-w` what changes, until interrupted. */
import type { KubeObject, ObjectList } from '../../api/meta.ts';
import { resourcePath } from '../../api/resources.ts';
import type { CliWorld } from '../cli-world.ts';
import { type ClusterSession, openSession, type Table } from '../cluster-session.ts';
import { formatObjects, qualifiedType } from '../printers/object-output.ts';
import { ResourceTable } from '../printers/resource-table.ts';
import { parseSelections, type Selection } from '../resource-names.ts';
import { UsageError } from '../usage-error.ts';
import type { NamespaceFlags } from './shared-options.ts';

export interface GetFlags extends NamespaceFlags {
  selector?: string;
  fieldSelector?: string;
  output: 'table' | 'wide' | 'json' | 'yaml' | 'name';
  watch?: boolean;
  headers: boolean;
  showLabels?: boolean;
}

export async function get(
  world: CliWorld,
  args: readonly string[],
  flags: GetFlags,
  signal: AbortSignal,
): Promise<number> {
  const selections = parseSelections(args);
  const isTable = flags.output === 'table' || flags.output === 'wide';
  if (flags.watch === true && (!isTable || selections.length > 1)) {
    throw new UsageError('--watch works with one resource type and with the outputs table and wide');
  }
  const session = await openSession(world, flags);
  await using _ = { [Symbol.asyncDispose]: async () => session.close() };
  const getter = new Getter(world, session, flags);
  // Awaited here: the session closes when this function is left.
  return await (isTable ? getter.printTables(selections, signal) : getter.printObjects(selections, signal));
}

class Getter {
  readonly #world: CliWorld;
  readonly #session: ClusterSession;
  readonly #flags: GetFlags;

  constructor(world: CliWorld, session: ClusterSession, flags: GetFlags) {
    this.#world = world;
    this.#session = session;
    this.#flags = flags;
  }

  async printObjects(selections: readonly Selection[], signal: AbortSignal): Promise<number> {
    const { client } = this.#session;
    const objects: KubeObject[] = [];
    for (const { row, names } of selections) {
      for (const name of names)
        objects.push(await client.get<KubeObject>(row, { name, ...this.#scope() }, signal));
      if (names.length > 0) continue;
      const list: ObjectList<KubeObject> = await client.list<KubeObject>(
        row,
        { ...this.#scope(), ...this.#selectors() },
        signal,
      );
      // The items of a list do not repeat what they are.
      const apiVersion = row.group === '' ? row.version : `${row.group}/${row.version}`;
      objects.push(...list.items.map((item) => ({ ...item, apiVersion, kind: row.kind })));
    }
    const { output } = this.#flags;
    const format = output === 'yaml' || output === 'name' ? output : 'json';
    const isList = objects.length !== 1 || selections[0]?.names.length === 0;
    await this.#world.stdout.write(formatObjects(objects, format, isList));
    return 0;
  }

  async printTables(selections: readonly Selection[], signal: AbortSignal): Promise<number> {
    const hasPrefix = selections.length > 1;
    let printed = 0;
    for (const selection of selections) {
      const table = await this.#fetch(selection, signal);
      if (table.rows.length === 0 && this.#flags.watch !== true) continue;
      if (printed > 0 && this.#flags.headers) await this.#world.stdout.write('\n');
      const printer = this.#newPrinter(selection, hasPrefix);
      await this.#world.stdout.write(printer.format(table));
      printed += table.rows.length;
      if (this.#flags.watch === true) await this.#watch(selection, { table, printer }, signal);
    }
    if (printed === 0 && this.#flags.watch !== true) {
      const where = this.#isAcrossNamespaces(selections) ? '' : ` in ${this.#session.namespace} namespace.`;
      await this.#world.stderr.write(`No resources found${where}\n`);
    }
    return 0;
  }

  /** One Table for a selection; for several names, of all their rows. */
  async #fetch({ row, names }: Selection, signal: AbortSignal): Promise<Table> {
    if (names.length === 0) {
      const path = resourcePath(row, this.#scope().namespace);
      return this.#session.table(path, { ...this.#selectors() }, signal);
    }
    const tables: Table[] = [];
    for (const name of names) {
      tables.push(await this.#session.table(resourcePath(row, this.#session.namespace, name), {}, signal));
    }
    const [first] = tables;
    return { ...first!, rows: tables.flatMap(({ rows }) => rows) };
  }

  async #watch(
    { row, names }: Selection,
    begun: { table: Table; printer: ResourceTable },
    signal: AbortSignal,
  ): Promise<void> {
    const [name] = names;
    if (names.length > 1) throw new UsageError('--watch works with one name, or none');
    const query = {
      ...this.#selectors(),
      ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
      resourceVersion: begun.table.metadata?.resourceVersion ?? '',
    };
    const path = resourcePath(row, this.#scope().namespace);
    for await (const { type, table } of this.#session.watchTable(path, query, signal)) {
      await this.#world.stdout.write(begun.printer.format(table, type));
    }
  }

  #newPrinter({ row }: Selection, hasPrefix: boolean): ResourceTable {
    return new ResourceTable({
      isWide: this.#flags.output === 'wide',
      hasNamespaces: this.#flags.allNamespaces === true && row.namespaced,
      hasHeaders: this.#flags.headers,
      showLabels: this.#flags.showLabels === true,
      namePrefix: hasPrefix ? `${qualifiedType(row)}/` : '',
      hasEventType: false,
    });
  }

  #scope(): { namespace?: string } {
    return this.#flags.allNamespaces === true ? {} : { namespace: this.#session.namespace };
  }

  #selectors(): { labelSelector?: string; fieldSelector?: string } {
    const { selector, fieldSelector } = this.#flags;
    return {
      ...(selector === undefined ? {} : { labelSelector: selector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }

  #isAcrossNamespaces(selections: readonly Selection[]): boolean {
    return this.#flags.allNamespaces === true || selections.every(({ row }) => !row.namespaced);
  }
}
