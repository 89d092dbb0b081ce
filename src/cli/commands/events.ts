/** `events`: what was done, oldest first; with `--watch` what is done from now on too. */
import type { Event } from '../../api/generated/core-v1.ts';
import { EVENTS } from '../../api/resources.ts';
import { formatAge } from '../../base/duration.ts';
import type { CliWorld } from '../cli-world.ts';
import { openSession } from '../cluster-session.ts';
import { TextTable } from '../printers/text-table.ts';
import { findResourceByName } from '../resource-names.ts';
import { UsageError } from '../usage-error.ts';
import type { NamespaceFlags } from './shared-options.ts';

export interface EventsFlags extends NamespaceFlags {
  watch?: boolean;
  for?: string;
  types?: string;
  output: 'table' | 'json';
}

export async function events(world: CliWorld, flags: EventsFlags, signal: AbortSignal): Promise<number> {
  const session = await openSession(world, flags);
  await using _ = { [Symbol.asyncDispose]: async () => session.close() };
  const fieldSelector = eventSelector(flags);
  const options = {
    ...(flags.allNamespaces === true ? {} : { namespace: session.namespace }),
    ...(fieldSelector === '' ? {} : { fieldSelector }),
  };
  const printer = newEventPrinter(world, flags);
  const list = await session.client.list(EVENTS, options, signal);
  const sorted = list.items.toSorted((a, b) => compareText(lastSeen(a), lastSeen(b)));
  if (sorted.length === 0 && flags.watch !== true) await world.stderr.write('No events found.\n');
  else await printer(sorted);
  if (flags.watch !== true) return 0;
  const resourceVersion = list.metadata.resourceVersion ?? '';
  for await (const event of session.client.watch(EVENTS, { ...options, resourceVersion }, signal)) {
    if (event.type === 'ADDED' || event.type === 'MODIFIED') await printer([event.object]);
  }
  return 0;
}

/** `--for pod/web`, `--types Warning` as a field selector. */
export function eventSelector({ for: subject, types }: Pick<EventsFlags, 'for' | 'types'>): string {
  const terms: string[] = [];
  if (subject !== undefined) {
    const [type = '', name = ''] = subject.split('/');
    if (name === '') throw new UsageError(`--for must be TYPE/NAME, such as pod/web, not "${subject}"`);
    terms.push(`involvedObject.kind=${findResourceByName(type).kind}`, `involvedObject.name=${name}`);
  }
  if (types !== undefined) terms.push(`type=${types}`);
  return terms.join(',');
}

function newEventPrinter(world: CliWorld, flags: EventsFlags): (events: readonly Event[]) => Promise<void> {
  if (flags.output === 'json') {
    return (list) => world.stdout.write(list.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
  const namespaces = flags.allNamespaces === true;
  const header = ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'];
  const table = new TextTable(namespaces ? ['NAMESPACE', ...header] : header);
  return (list) => {
    const rows = list.map((event) => {
      const cells = eventCells(event, world.clock.now());
      return namespaces ? [event.metadata.namespace ?? '', ...cells] : cells;
    });
    return world.stdout.write(table.format(rows));
  };
}

function eventCells(event: Event, nowMs: number): string[] {
  const { kind = '', name = '' } = event.involvedObject;
  const seen = formatSince(lastSeen(event), nowMs);
  const count = event.series?.count ?? event.count ?? 1;
  const first = formatSince(event.firstTimestamp || event.eventTime || '', nowMs);
  const when = count > 1 ? `${seen} (x${count} over ${first})` : seen;
  const message = (event.message ?? '').trim().replace(/\s*\n\s*/g, ' ');
  return [when, event.type ?? '', event.reason ?? '', `${kind.toLowerCase()}/${name}`, message];
}

/** RFC 3339; the series' or the last time, else the first. */
export function lastSeen(event: Event): string {
  return (
    event.series?.lastObservedTime ||
    event.lastTimestamp ||
    event.eventTime ||
    event.metadata.creationTimestamp
  );
}

export function formatSince(timestamp: string, nowMs: number): string {
  const at = Date.parse(timestamp);
  return Number.isNaN(at) ? '<unknown>' : formatAge(nowMs - at);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
