/** `logs`: what a container wrote, as the kubelet keeps it. */
import { PODS, resourcePath } from '../../api/resources.ts';
import { parseGoDuration } from '../../base/duration.ts';
import type { CliWorld } from '../cli-world.ts';
import { openSession } from '../cluster-session.ts';
import { UsageError } from '../usage-error.ts';
import type { NamespaceFlags } from './shared-options.ts';

export interface LogsFlags extends NamespaceFlags {
  container?: string;
  follow?: boolean;
  previous?: boolean;
  tail?: number;
  since?: string;
  timestamps?: boolean;
}

export async function logs(
  world: CliWorld,
  pod: string,
  flags: LogsFlags,
  signal: AbortSignal,
): Promise<number> {
  const query = logQuery(flags).toString();
  const session = await openSession(world, flags);
  await using _ = { [Symbol.asyncDispose]: async () => session.close() };
  const name = pod.replace(/^pods?\//, '');
  if (name === '' || name.includes('/')) throw new UsageError(`"${pod}" is not the name of a Pod`);
  const path = resourcePath(PODS, session.namespace, name, 'log');
  for await (const chunk of session.client.read(query === '' ? path : `${path}?${query}`, signal)) {
    await world.stdout.write(chunk);
  }
  return 0;
}

/** @see core/v1 PodLogOptions */
export function logQuery(flags: Omit<LogsFlags, keyof NamespaceFlags>): URLSearchParams {
  const query = new URLSearchParams();
  if (flags.container !== undefined) query.set('container', flags.container);
  if (flags.follow === true) query.set('follow', 'true');
  if (flags.previous === true) query.set('previous', 'true');
  if (flags.timestamps === true) query.set('timestamps', 'true');
  if (flags.tail !== undefined) query.set('tailLines', String(flags.tail));
  if (flags.since !== undefined) {
    const sinceMs = parseGoDuration(flags.since);
    if (sinceMs === undefined || sinceMs <= 0) {
      throw new UsageError(`--since must be a duration such as 30s, 5m or 2h, not "${flags.since}"`);
    }
    query.set('sinceSeconds', String(Math.ceil(sinceMs / 1_000)));
  }
  return query;
}
