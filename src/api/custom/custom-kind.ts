/** What a CustomResourceDefinition's version says of its objects, beside what every row says. */
import type { ApplyType } from '../apply/apply-type.ts';
import type {
  CustomResourceSubresourceScale,
  JSONSchemaProps,
  WebhookClientConfig,
} from '../generated/apiextensions-v1.ts';
import type { KubeObject } from '../meta.ts';
import type { KindPrinter } from '../printers/column.ts';
import type { ResourceRow } from '../resource-row.ts';
import type { RuleNode } from './rules/compile-rules.ts';

/** A webhook that takes objects from one version to another. The same for all versions of a definition, as it is now. */
export interface CustomConversion {
  /** The definition's name. */
  readonly definition: string;
  readonly clientConfig: WebhookClientConfig;
  readonly reviewVersions: readonly string[];
}

export interface CustomKind {
  /** Absent for a version without one: then every field is kept. */
  readonly schema: JSONSchemaProps | undefined;
  /** Compiled when first asked for; `undefined` for a schema without rules. */
  rules(): RuleNode | undefined;
  readonly listKind: string;
  readonly printer: KindPrinter<KubeObject>;
  readonly applyType: ApplyType;
  readonly scale: CustomResourceSubresourceScale | undefined;
  /** For `Warning` headers; absent when the version is not deprecated. */
  readonly deprecationWarning: string | undefined;
  /** Objects in the store may name another version, from before this one was stored. */
  readonly isSoleVersion: boolean;
  /** Objects of the store of this revision or an older one may lack defaults of the schema; absent where it has none. */
  readonly defaultsSince: number | undefined;
  /** How its versions become each other; absent: they differ in nothing but the name. */
  readonly conversion: CustomConversion | undefined;
  /** The definition is being deleted: nothing new may be created. */
  readonly isTerminating: boolean;
  /** Of the version that is stored. */
  storage(): ResourceRow;
}
