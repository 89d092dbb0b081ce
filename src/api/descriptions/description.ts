/**
 * What kinds and fields are, in a sentence each, for `kubectl explain` and for whoever reads the OpenAPI documents. Not every
 * field has one: those that people write, and those that they look at, do.
 */

import { NETWORKING, OTHERS, RBAC, STORAGE } from './cluster.ts';
import { CORE } from './core.ts';
import { META } from './meta.ts';
import { PLACING } from './placing.ts';
import { PODS } from './pods.ts';
import { APPS, AUTOSCALING_V1, AUTOSCALING_V2, BATCH, POLICY } from './workloads.ts';

export interface Descriptions {
  /** How the names of its schemas begin, such as `io.k8s.api.core.v1`. */
  package: string;
  /** By schema, `PodSpec`, or by field, `PodSpec.containers`. */
  texts: Readonly<Record<string, string>>;
}

const ALL: readonly Descriptions[] = [
  META,
  PODS,
  PLACING,
  CORE,
  APPS,
  BATCH,
  POLICY,
  AUTOSCALING_V1,
  AUTOSCALING_V2,
  NETWORKING,
  RBAC,
  STORAGE,
  ...OTHERS,
];

/** Fields that every kind has. */
const OF_KINDS: Readonly<Record<string, string>> = {
  apiVersion: 'The group and version of the kind, such as apps/v1; v1 alone for the core group.',
  kind: 'The kind of the object, such as Pod.',
  metadata: 'Its name, its labels, and what else every object has.',
  spec: 'What is wanted.',
  status: 'What is. The cluster writes it.',
  items: 'The objects.',
};

let texts: ReadonlyMap<string, string> | undefined;

/** By the full name of a schema, with a dot and the name of a field behind it where it is about a field. */
export function allDescriptions(): ReadonlyMap<string, string> {
  texts ??= new Map(
    ALL.flatMap((each) =>
      Object.entries(each.texts).map(([name, text]) => [`${each.package}.${name}`, text]),
    ),
  );
  return texts;
}

/** @param name  of a schema, such as `io.k8s.api.core.v1.Pod` */
export function describeSchema(name: string): string | undefined {
  return allDescriptions().get(name);
}

/** @param isKind  whether the schema is of a kind or of a list of it: those have some fields in common */
export function describeField(schema: string, field: string, isKind: boolean): string | undefined {
  return allDescriptions().get(`${schema}.${field}`) ?? (isKind ? OF_KINDS[field] : undefined);
}
