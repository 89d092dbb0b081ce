/** Formats `describe`: sections of fields, nested values as an indented outline, tables, and the Events at the end. */
import { isJsonObject, type JsonValue } from '../../api/json.ts';
import type { Schema } from '../../api/schema.ts';
import { TextTable } from './text-table.ts';

export interface DescribeSection {
  /** A heading of its own; the fields below it are indented. */
  title?: string;
  /** Of one of several in a section, such as a container. */
  name?: string;
  fields?: readonly (readonly [string, string])[];
  table?: { header: readonly string[]; rows: readonly (readonly string[])[] };
  /** Any value, as an outline; its schema tells names of fields from keys that are data. */
  outline?: { value: JsonValue; schema: Schema | undefined };
}

export function formatSections(sections: readonly DescribeSection[]): string {
  return sections.map(formatSection).join('');
}

function formatSection(section: DescribeSection): string {
  const { title, name, fields = [], table, outline } = section;
  const lines: string[] = [];
  if (title !== undefined) lines.push(isEmpty(section) ? `${title}:  <none>` : `${title}:`);
  const depth = (title === undefined && name === undefined ? 0 : 1) + (name === undefined ? 0 : 1);
  if (name !== undefined) lines.push(`${INDENT}${name}:`);
  const width = Math.max(0, ...fields.map(([label]) => label.length)) + 3;
  for (const [label, value] of fields) lines.push(indent(depth, `${`${label}:`.padEnd(width)}${value}`));
  if (table !== undefined && table.rows.length > 0) {
    const text = new TextTable(table.header).format(table.rows).trimEnd();
    lines.push(...text.split('\n').map((line) => indent(depth, line)));
  }
  if (outline !== undefined) lines.push(...outlineLines(outline.value, depth, schemaTarget(outline.schema)));
  return lines.map((line) => `${line}\n`).join('');
}

function isEmpty({ name, fields, table, outline }: DescribeSection): boolean {
  return (
    name === undefined &&
    (fields?.length ?? 0) === 0 &&
    (table?.rows.length ?? 0) === 0 &&
    (outline === undefined || outlineLines(outline.value, 0, schemaTarget(outline.schema)).length === 0)
  );
}

/** What is known of a value: the definition of its fields, or that its keys are data. */
interface OutlineTarget {
  schema: Schema | undefined;
  keysAreData: boolean;
}

function schemaTarget(schema: Schema | undefined): OutlineTarget {
  return { schema, keysAreData: false };
}

/** `replicas: 5` becomes `Replicas:  5`; empty values are left out. */
function outlineLines(value: JsonValue, depth: number, target: OutlineTarget): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => listItemLines(item, depth, target));
  if (!isJsonObject(value)) return [indent(depth, String(value))];
  return Object.entries(value).flatMap(([key, child]) => {
    if (child === null || child === '') return [];
    const label = target.keysAreData ? key : toLabel(key);
    if (typeof child !== 'object') return [indent(depth, `${label}:  ${child}`)];
    const field = target.keysAreData ? undefined : target.schema?.fields.get(key);
    const isMap = field?.shape === 'map';
    const nested = outlineLines(child, depth + 1, {
      schema: isMap ? undefined : field?.schema,
      keysAreData: isMap,
    });
    return nested.length === 0 ? [] : [indent(depth, `${label}:`), ...nested];
  });
}

function listItemLines(item: JsonValue, depth: number, target: OutlineTarget): string[] {
  const lines = outlineLines(item, depth, target);
  if (lines.length === 0 || typeof item !== 'object') return lines;
  return [`${INDENT.repeat(depth)}- ${lines[0]?.trimStart()}`, ...lines.slice(1).map((line) => `  ${line}`)];
}

/** `progressDeadlineSeconds` → `Progress Deadline Seconds`. */
function toLabel(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2');
  return words[0]!.toUpperCase() + words.slice(1);
}

const INDENT = '  ';

function indent(depth: number, line: string): string {
  return INDENT.repeat(depth) + line;
}
