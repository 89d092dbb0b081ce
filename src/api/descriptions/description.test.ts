import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { allResources } from '../resources.ts';
import { schemaByName, schemaForKind } from '../schema.ts';
import { allDescriptions, describeField, describeSchema } from './description.ts';

test('allDescriptions are all of schemas and fields that there are', () => {
  const unknown = [...allDescriptions().keys()].filter((name) => {
    if (schemaByName(name) !== undefined) return false;
    const dot = name.lastIndexOf('.');
    return schemaByName(name.slice(0, dot))?.fields.has(name.slice(dot + 1)) !== true;
  });
  deepEqual(unknown, []);
});

test('allDescriptions are sentences', () => {
  for (const [name, text] of allDescriptions()) match(text, /^\S.*[^.]\.$/, name);
});

test('describeSchema knows every kind that is served', () => {
  const kinds = allResources().map((row) => schemaForKind(row)!.name);
  deepEqual(
    kinds.filter((name) => describeSchema(name) === undefined),
    [],
  );
});

test('describeField knows what kinds have in common, and nothing of fields that only look alike', () => {
  const pod = 'io.k8s.api.core.v1.Pod';
  equal(describeField(pod, 'spec', true), 'What is wanted.');
  equal(describeField('io.k8s.api.core.v1.Whatever', 'spec', false), undefined);
});
