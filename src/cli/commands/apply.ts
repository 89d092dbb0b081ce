/** `apply -f`: creates what is missing, patches what differs, and remembers the manifest for the next time. */
import type { JsonObject } from '../../api/json.ts';
import { gvkOf, type KubeObject } from '../../api/meta.ts';
import { schemaForKind } from '../../api/schema.ts';
import { findObject } from '../../client/find-object.ts';
import { LAST_APPLIED, planApplyPatch } from '../apply-patch.ts';
import type { CliWorld } from '../cli-world.ts';
import { type ClusterSession, openSession } from '../cluster-session.ts';
import { type Manifest, type ManifestSet, readManifests } from '../manifests.ts';
import { qualifiedName } from '../printers/object-output.ts';
import { errorLine } from '../report-error.ts';
import { UsageError } from '../usage-error.ts';
import type { NamespaceFlags } from './shared-options.ts';

export interface ApplyFlags extends NamespaceFlags {
  filename: readonly string[];
  output: 'text' | 'json' | 'name';
}

export type ApplyOutcome = 'created' | 'configured' | 'unchanged';

export async function apply(world: CliWorld, flags: ApplyFlags, signal: AbortSignal): Promise<number> {
  if (flags.filename.length === 0) throw new UsageError('say what to apply: -f FILE, -f DIR or -f -');
  return applyManifests(world, await readManifests(world, flags.filename), flags, signal);
}

/** Says for each object what came of it. One bad object does not keep the others away, as with kubectl. */
export async function applyManifests(
  world: CliWorld,
  { manifests, problems }: ManifestSet,
  flags: ApplyFlags,
  signal: AbortSignal,
): Promise<number> {
  const session = await openSession(world, flags);
  await using _ = { [Symbol.asyncDispose]: async () => session.close() };
  const results: { name: string; outcome: ApplyOutcome }[] = [];
  for (const problem of problems) await world.stderr.write(`${errorLine(problem)}\n`);
  let failed = problems.length > 0;
  for (const manifest of manifests) {
    try {
      const outcome = await applyManifest(session, manifest, signal);
      const name = qualifiedName(manifest.object);
      results.push({ name, outcome });
      if (flags.output === 'text') await world.stdout.write(`${name} ${outcome}\n`);
      if (flags.output === 'name') await world.stdout.write(`${name}\n`);
    } catch (error) {
      signal.throwIfAborted();
      failed = true;
      await world.stderr.write(`${manifest.source}: ${errorLine(error)}\n`);
    }
  }
  if (flags.output === 'json') await world.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  return failed ? 1 : 0;
}

/** Makes the cluster hold what the manifest says. Idempotent; a conflict with another writer is tried again. */
export async function applyManifest(
  session: Pick<ClusterSession, 'client' | 'namespace'>,
  { object, row }: Manifest,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const namespace = row.namespaced ? (object.metadata.namespace ?? session.namespace) : undefined;
  const placed = withMetadata(object, namespace === undefined ? {} : { namespace });
  const modified = withLastApplied(placed);
  const target = { name: object.metadata.name, ...(namespace === undefined ? {} : { namespace }) };
  const current = await findObject<KubeObject>(session.client, row, target, signal);
  if (current === undefined) {
    await session.client.create<KubeObject>(row, modified, signal);
    return 'created';
  }
  const schema = schemaForKind(gvkOf(object));
  const last = current.metadata.annotations?.[LAST_APPLIED];
  const original = last === undefined ? undefined : (JSON.parse(last) as JsonObject);
  const live = current as unknown as JsonObject;
  const body = planApplyPatch({ original, modified, current: live }, schema);
  if (Object.keys(body).length === 0) return 'unchanged';
  await session.client.patch(
    row,
    target,
    { type: schema === undefined ? 'merge' : 'strategic', body },
    signal,
  );
  return 'configured';
}

function withMetadata(object: Manifest['object'], metadata: object): Manifest['object'] {
  return { ...object, metadata: { ...object.metadata, ...metadata } } as Manifest['object'];
}

/** The annotation holds the manifest without itself, in one line. */
function withLastApplied(object: Manifest['object']): Manifest['object'] {
  const { [LAST_APPLIED]: _, ...annotations } = object.metadata.annotations ?? {};
  const bare = withMetadata(object, { annotations });
  return withMetadata(object, {
    annotations: { ...annotations, [LAST_APPLIED]: `${JSON.stringify(bare)}\n` },
  });
}
