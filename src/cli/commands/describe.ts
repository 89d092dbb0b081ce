/** `describe`: an object for people: what it is, what it should be, how it is, and what happened to it. */

import type { Event, Pod } from '../../api/generated/core-v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { gvkOf, type KubeObject } from '../../api/meta.ts';
import { EVENTS, type ResourceRow } from '../../api/resources.ts';
import { schemaForKind } from '../../api/schema.ts';
import { LAST_APPLIED } from '../apply-patch.ts';
import type { CliWorld } from '../cli-world.ts';
import { type ClusterSession, openSession } from '../cluster-session.ts';
import { type DescribeSection, formatSections } from '../printers/describe.ts';
import { describePod } from '../printers/describe-pod.ts';
import { parseSelections } from '../resource-names.ts';
import { formatSince, lastSeen } from './events.ts';
import type { NamespaceFlags } from './shared-options.ts';

export interface DescribeFlags extends NamespaceFlags {
  selector?: string;
}

export async function describe(
  world: CliWorld,
  args: readonly string[],
  flags: DescribeFlags,
  signal: AbortSignal,
): Promise<number> {
  const selections = parseSelections(args);
  const session = await openSession(world, flags);
  await using _ = { [Symbol.asyncDispose]: async () => session.close() };
  let described = 0;
  for (const { row, names } of selections) {
    for (const object of await fetchObjects(session, { row, names }, flags, signal)) {
      const related = await fetchEvents(session, object, signal);
      const sections = [...describeObject(row, object), eventsSection(related, world.clock.now())];
      await world.stdout.write(`${described > 0 ? '\n\n' : ''}${formatSections(sections)}`);
      described++;
    }
  }
  if (described === 0) await world.stderr.write(`No resources found in ${session.namespace} namespace.\n`);
  return 0;
}

async function fetchObjects(
  session: ClusterSession,
  { row, names }: { row: ResourceRow; names: readonly string[] },
  flags: DescribeFlags,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const { client, namespace } = session;
  if (names.length > 0) {
    return Promise.all(names.map((name) => client.get<KubeObject>(row, { name, namespace }, signal)));
  }
  const scope = flags.allNamespaces === true ? {} : { namespace };
  const labels = flags.selector === undefined ? {} : { labelSelector: flags.selector };
  return (await client.list<KubeObject>(row, { ...scope, ...labels }, signal)).items;
}

async function fetchEvents(
  session: ClusterSession,
  { metadata }: KubeObject,
  signal: AbortSignal,
): Promise<Event[]> {
  const fieldSelector = `involvedObject.uid=${metadata.uid}`;
  const scope = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
  const list = await session.client.list(EVENTS, { ...scope, fieldSelector }, signal);
  return list.items.toSorted((a, b) => Date.parse(lastSeen(a)) - Date.parse(lastSeen(b)));
}

/** Sections that all kinds have, around those of the kind; a kind without its own shows spec and status as an outline. */
export function describeObject(row: ResourceRow, object: KubeObject): DescribeSection[] {
  const own = SECTIONS[`${row.group}/${row.kind}`] ?? describeAnything;
  return [metadataSection(object), ...own(object)];
}

const SECTIONS: Readonly<Record<string, (object: KubeObject) => DescribeSection[]>> = {
  '/Pod': (object) => describePod(object as Pod),
};

function describeAnything(object: KubeObject): DescribeSection[] {
  const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = object as unknown as JsonObject;
  return [{ outline: { value: redactSecret(object.kind, rest), schema: schemaForKind(gvkOf(object)) } }];
}

/** What is secret is counted, not shown. */
function redactSecret(kind: string, fields: JsonObject): JsonObject {
  if (kind !== 'Secret') return fields;
  const sizes = Object.entries(fields['data'] ?? {}).map(([key, value]) => [
    key,
    `${atob(String(value)).length} bytes`,
  ]);
  return { ...fields, data: Object.fromEntries(sizes) };
}

function metadataSection({ metadata, kind, apiVersion }: KubeObject): DescribeSection {
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations ?? {};
  const fields: [string, string][] = [
    ['Name', metadata.name],
    ...(metadata.namespace === undefined ? [] : ([['Namespace', metadata.namespace]] as [string, string][])),
    ['Kind', `${kind} (${apiVersion})`],
    ['Created', metadata.creationTimestamp],
    ['Labels', pairs(metadata.labels)],
    ['Annotations', pairs(annotations)],
  ];
  return { fields };
}

function pairs(values: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(values ?? {});
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(', ');
}

function eventsSection(events: readonly Event[], nowMs: number): DescribeSection {
  const rows = events.map((event) => [
    event.type ?? '',
    event.reason ?? '',
    (event.count ?? 1) > 1
      ? `${formatSince(lastSeen(event), nowMs)} (x${event.count} over ${formatSince(event.firstTimestamp ?? '', nowMs)})`
      : formatSince(lastSeen(event), nowMs),
    event.source?.component || event.reportingComponent || '',
    event.message ?? '',
  ]);
  return { title: 'Events', table: { header: ['Type', 'Reason', 'Age', 'From', 'Message'], rows } };
}
