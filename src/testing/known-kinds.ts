/** The kinds that a cluster has now: the built-in ones, and those of its CustomResourceDefinitions. */
import { toCustomRows } from '../api/custom/to-rows.ts';
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts';
import { gvkOf } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';
import { allResources, CUSTOM_RESOURCE_DEFINITIONS, findKind, type ResourceRow } from '../api/resources.ts';
import { findRowByWord } from '../simulation/object-ref.ts';
import { closest } from '../simulation/scenario/closest.ts';
import type { World } from '../simulation/world/world.ts';
import type { ObjectOf, Resource } from './kinds.ts';

export class KnownKinds {
  readonly #world: Pick<World, 'objects'>;

  constructor(world: Pick<World, 'objects'>) {
    this.#world = world;
  }

  /** The row that a word names, or the reference as it is. @throws TypeError that says what was likely meant */
  resolve<R extends Resource>(resource: R): ResourceRef<ObjectOf<R>> {
    if (typeof resource !== 'string') return resource as ResourceRef<ObjectOf<R>>;
    const row = this.find(resource);
    if (row !== undefined) return row;
    const near = closest(resource, this.#words());
    throw new TypeError(
      `there is no kind "${resource}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
    );
  }

  /** The row that a word names: `pods`, `pod`, `po`, `Pod`, `deployments.apps`. */
  find(word: string): ResourceRow | undefined {
    const [plain = '', ...group] = word.toLowerCase().split('.');
    return (
      findRowByWord(word) ??
      this.#customRows().find(
        (row) =>
          [row.resource, row.singular, row.kind.toLowerCase(), ...row.shortNames].includes(plain) &&
          (group.length === 0 || row.group === group.join('.')),
      )
    );
  }

  byKind(group: string, version: string, kind: string): ResourceRow | undefined {
    return (
      findKind(group, version, kind) ??
      this.#customRows().find((row) => row.group === group && row.version === version && row.kind === kind)
    );
  }

  /** Of an object. @throws TypeError when there is no such kind */
  rowOf(object: { apiVersion: string; kind: string }): ResourceRow {
    const { group, version, kind } = gvkOf(object);
    const row = this.byKind(group, version, kind);
    if (row !== undefined) return row;
    throw new TypeError(`there is no kind "${kind}" in ${object.apiVersion}`);
  }

  /** @param name  of a CustomResourceDefinition: `widgets.example.com` */
  isServed(name: string): boolean {
    return this.#definitions().some(({ metadata }) => metadata.name === name);
  }

  /** The versions that the server serves, each definition's stored one first. */
  #customRows(): ResourceRow[] {
    return this.#definitions().flatMap((definition) => {
      const { served, storage } = toCustomRows(definition);
      return [...served].sort((a, b) => Number(b === storage) - Number(a === storage));
    });
  }

  #definitions(): CustomResourceDefinition[] {
    return this.#world.objects<CustomResourceDefinition>(CUSTOM_RESOURCE_DEFINITIONS).filter(isServed);
  }

  #words(): string[] {
    return [...allResources(), ...this.#customRows()]
      .filter((row) => !row.virtual)
      .flatMap((row) => [row.resource, row.singular, row.kind]);
  }
}

function isServed({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
}
