/** From a CustomResourceDefinition to the rows by which its versions are served. */
import { DEDUCED } from '../apply/apply-type.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../generated/apiextensions-v1.ts';
import { newResource, type ResourceRow, SCALE, STATUS, type SubresourceRow } from '../resource-row.ts';
import { customApplyType } from './custom-apply-type.ts';
import type { CustomConversion, CustomKind } from './custom-kind.ts';
import { customPrinter } from './custom-printer.ts';
import { hasDefaults } from './default-values.ts';
import { newRuleTree } from './rules/compile-rules.ts';

/** One row for each served version, and one for the stored version, served or not. */
export interface CustomRows {
  served: readonly ResourceRow[];
  storage: ResourceRow;
}

/** `definition` has been validated: one version is stored. */
export function toCustomRows(definition: CustomResourceDefinition): CustomRows {
  const { versions } = definition.spec;
  const shared = { storage: () => storage, conversion: conversionOf(definition) };
  const rows: ResourceRow[] = versions.map((version) => toRow(definition, version, shared));
  const storage = rows[versions.findIndex((version) => version.storage)]!;
  return { served: rows.filter((_, index) => versions[index]!.served), storage };
}

function toRow(
  { spec, status, metadata }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  shared: Pick<CustomKind, 'storage' | 'conversion'>,
): ResourceRow {
  const names = status?.acceptedNames ?? spec.names;
  const apiVersion = `${spec.group}/${version.name}`;
  const schema = version.schema?.openAPIV3Schema;
  const { kind, plural, singular, listKind } = spec.names;
  const storedVersion = spec.versions.find((candidate) => candidate.storage)?.name ?? version.name;
  return {
    ...newResource(apiVersion, kind, plural, {
      clusterScoped: spec.scope === 'Cluster',
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      subresources: subresourcesOf(version),
      generation: true,
      storageGroupVersion: `${spec.group}/${storedVersion}`,
      selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    }),
    singular: singular || kind.toLowerCase(),
    custom: {
      schema,
      rules: lazily(() => newRuleTree(schema, true)),
      listKind: listKind || `${kind}List`,
      printer: customPrinter(version.additionalPrinterColumns),
      applyType: schema === undefined ? DEDUCED : customApplyType(schema),
      scale: version.subresources?.scale,
      deprecationWarning: deprecationOf(version, `${apiVersion} ${kind}`),
      isSoleVersion: spec.versions.length === 1 && (status?.storedVersions?.length ?? 1) <= 1,
      defaultsSince: hasDefaults(schema) ? Number(metadata.resourceVersion) : undefined,
      isTerminating: metadata.deletionTimestamp !== undefined,
      ...shared,
    },
  };
}

function conversionOf({ metadata, spec }: CustomResourceDefinition): CustomConversion | undefined {
  const { strategy, webhook } = spec.conversion ?? {};
  if (strategy !== 'Webhook' || webhook?.clientConfig === undefined) return undefined;
  const { clientConfig, conversionReviewVersions } = webhook;
  return { definition: metadata.name, clientConfig, reviewVersions: conversionReviewVersions };
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function subresourcesOf({ subresources }: CustomResourceDefinitionVersion): SubresourceRow[] {
  return [
    ...(subresources?.status === undefined ? [] : [STATUS]),
    ...(subresources?.scale === undefined ? [] : [SCALE]),
  ];
}

function deprecationOf(version: CustomResourceDefinitionVersion, what: string): string | undefined {
  return version.deprecated ? (version.deprecationWarning ?? `${what} is deprecated`) : undefined;
}
