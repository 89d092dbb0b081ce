/** `delete`: by name, by label, or what a manifest names; waits until the objects are gone. */
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { hasReason, type Status } from '../../base/status-error.ts';
import type { DeleteOptions, ObjectName } from '../../client/api-client.ts';
import { findObject } from '../../client/find-object.ts';
import type { CliWorld } from '../cli-world.ts';
import { type ClusterSession, openSession } from '../cluster-session.ts';
import { readManifests } from '../manifests.ts';
import { qualifiedType } from '../printers/object-output.ts';
import { errorLine } from '../report-error.ts';
import { parseSelections } from '../resource-names.ts';
import { type CommandError, UsageError } from '../usage-error.ts';
import type { NamespaceFlags } from './shared-options.ts';

export interface DeleteFlags extends NamespaceFlags {
  filename: readonly string[];
  selector?: string;
  all?: boolean;
  gracePeriod?: number;
  force?: boolean;
  cascade: 'background' | 'foreground' | 'orphan';
  ignoreNotFound?: boolean;
  wait: boolean;
}

interface Victim {
  row: ResourceRow;
  target: ObjectName;
}

const PROPAGATION = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;

export async function deleteObjects(
  world: CliWorld,
  args: readonly string[],
  flags: DeleteFlags,
  signal: AbortSignal,
): Promise<number> {
  const session = await openSession(world, flags);
  await using _ = { [Symbol.asyncDispose]: async () => session.close() };
  const { victims, problems } = await findVictims({ world, session }, args, flags, signal);
  for (const problem of problems) await world.stderr.write(`${errorLine(problem)}\n`);
  let failed = problems.length > 0;
  if (victims.length === 0 && !failed) await world.stdout.write('No resources found\n');
  const leaving: { victim: Victim; uid: string | undefined }[] = [];
  for (const victim of victims) {
    try {
      const object = await session.client.delete<KubeObject>(
        victim.row,
        victim.target,
        toOptions(flags),
        signal,
      );
      leaving.push({ victim, uid: uidOf(object) });
      const name = `${qualifiedType(victim.row)}/${victim.target.name}`;
      await world.stdout.write(`${name} ${flags.force === true ? 'force deleted' : 'deleted'}\n`);
    } catch (error) {
      signal.throwIfAborted();
      if (flags.ignoreNotFound === true && hasReason(error, 'NotFound')) continue;
      failed = true;
      await world.stderr.write(`${errorLine(error)}\n`);
    }
  }
  if (flags.wait) for (const { victim, uid } of leaving) await untilGone(session, victim, uid, signal);
  return failed ? 1 : 0;
}

async function findVictims(
  { world, session }: { world: CliWorld; session: ClusterSession },
  args: readonly string[],
  flags: DeleteFlags,
  signal: AbortSignal,
): Promise<{ victims: Victim[]; problems: readonly CommandError[] }> {
  const { namespace } = session;
  if (flags.filename.length > 0) {
    const { manifests, problems } = await readManifests(world, flags.filename);
    // What was made last goes first, so that owners do not make anew what was deleted.
    const victims = manifests.reverse().map(({ row, object }) => ({
      row,
      target: { name: object.metadata.name, namespace: object.metadata.namespace ?? namespace },
    }));
    return { victims, problems };
  }
  const victims: Victim[] = [];
  for (const { row, names } of parseSelections(args)) {
    victims.push(...names.map((name) => ({ row, target: { name, namespace } })));
    if (names.length > 0) continue;
    if (flags.selector === undefined && flags.all !== true) {
      throw new UsageError('say which: names, -l SELECTOR, or --all');
    }
    const scope = flags.allNamespaces === true ? {} : { namespace };
    const labels = flags.selector === undefined ? {} : { labelSelector: flags.selector };
    const list = await session.client.list<KubeObject>(row, { ...scope, ...labels }, signal);
    victims.push(...list.items.map(({ metadata }) => ({ row, target: targetOf(metadata) })));
  }
  return { victims, problems: [] };
}

function targetOf({ name, namespace }: KubeObject['metadata']): ObjectName {
  return namespace === undefined ? { name } : { name, namespace };
}

function toOptions(flags: DeleteFlags): DeleteOptions {
  const seconds = flags.force === true ? 0 : flags.gracePeriod;
  return {
    propagationPolicy: PROPAGATION[flags.cascade],
    ...(seconds === undefined ? {} : { gracePeriodSeconds: seconds }),
  };
}

/** Returns when the very object is gone; one of the same name may be there already. */
async function untilGone(
  session: ClusterSession,
  { row, target }: Victim,
  uid: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const current = await findObject<KubeObject>(session.client, row, target, signal);
    if (current === undefined || current.metadata.uid !== uid) return;
    const options = {
      ...(target.namespace === undefined || !row.namespaced ? {} : { namespace: target.namespace }),
      fieldSelector: `metadata.name=${target.name}`,
      resourceVersion: current.metadata.resourceVersion,
    };
    for await (const event of session.client.watch<KubeObject>(row, options, signal)) {
      if (event.type === 'DELETED') return;
    }
  }
}

/** Of an object that is gone the server answers with a Status, which names it in its details. */
function uidOf(answer: KubeObject | Status): string | undefined {
  return isStatus(answer) ? answer.details?.uid : answer.metadata.uid;
}

function isStatus(answer: KubeObject | Status): answer is Status {
  return answer.kind === 'Status';
}
