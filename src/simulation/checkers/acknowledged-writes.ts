/**
 * What a write was answered with is durable: by the end of the moment of the answer there is a commit of that revision with
 * that very object, and a deletion that was confirmed is a commit too. That it stays durable is asked by `durable-state.ts`.
 */
import type { ObjectCommitted, RequestDone } from '../world/world-event.ts';
import type { CheckerFactory } from './checker.ts';

/** Commits that are remembered. An answer that changed nothing names an old revision; one before these is believed. */
const REMEMBERED_MAX = 8192;

interface Answer {
  readonly metadata?: { readonly resourceVersion?: string; readonly uid?: string };
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly status?: unknown;
  readonly details?: { readonly uid?: string };
}

/** An answer whose commit has not been told yet. */
interface Unproven {
  readonly atMs: number;
  readonly request: RequestDone;
}

export const newAcknowledgedWritesChecker: CheckerFactory = (_cluster, report) => {
  const commits = new RecentCommits();
  let unproven: Unproven[] = [];

  const judge = ({ request, atMs }: Unproven, nowMs: number): boolean => {
    const answer = request.answer as Answer;
    const committed = commits.find(answer);
    if (committed === 'unknown') {
      if (nowMs > atMs) report(`${describe(request)} was answered, and is not durable`);
      return nowMs > atMs;
    }
    if (committed !== 'forgotten' && !isSame(answer, committed)) {
      report(`${describe(request)} was answered with what differs from its commit`);
    }
    return true;
  };

  return {
    onEvent(event) {
      if (event.kind === 'commit') commits.add(event);
      if (unproven.length > 0) unproven = unproven.filter((one) => !judge(one, event.atMs));
      if (event.kind !== 'request' || !isAcknowledgedWrite(event)) return;
      const one: Unproven = { atMs: event.atMs, request: event };
      if (!judge(one, event.atMs)) unproven.push(one);
    },
  };
};

function isAcknowledgedWrite({ method, status, path, answer }: RequestDone): boolean {
  if (method === 'GET' || status >= 300 || answer === undefined || path.includes('dryRun=')) return false;
  return revisionOf(answer as Answer) !== undefined || deletedUid(answer as Answer) !== undefined;
}

function revisionOf({ metadata }: Answer): number | undefined {
  const { resourceVersion } = metadata ?? {};
  return resourceVersion === undefined || resourceVersion === '' ? undefined : Number(resourceVersion);
}

/** Of an object that a Status says is gone. */
function deletedUid({ kind, status, details }: Answer): string | undefined {
  return kind === 'Status' && status === 'Success' ? details?.uid : undefined;
}

/** Subresources such as `scale` answer with another kind that has the same identity. */
function isSame(answer: Answer, { object, type }: ObjectCommitted): boolean {
  if (revisionOf(answer) === undefined) return type === 'delete';
  if (answer === (object as unknown)) return true;
  if (answer.metadata?.uid !== (object.metadata as { uid?: string }).uid) return false;
  const isSameForm = answer.kind === object['kind'] && answer.apiVersion === object['apiVersion'];
  return !isSameForm || JSON.stringify(answer) === JSON.stringify(object);
}

function describe({ process, method, path, answer }: RequestDone): string {
  const revision = revisionOf(answer as Answer);
  return `${method} ${path} by ${process}${revision === undefined ? '' : ` (revision ${revision})`}`;
}

/** The newest commits by revision, and deletions by uid too. */
class RecentCommits {
  readonly #byRevision = new Map<number, ObjectCommitted>();
  readonly #deletions = new Map<string, ObjectCommitted>();
  /** Every commit after this one is remembered. */
  #forgottenUpTo: number | undefined;

  add(commit: ObjectCommitted): void {
    this.#forgottenUpTo ??= commit.revision - 1;
    this.#byRevision.set(commit.revision, commit);
    const { uid } = commit.object.metadata as { uid?: string };
    if (commit.type === 'delete' && uid !== undefined) this.#deletions.set(uid, commit);
    if (this.#byRevision.size > REMEMBERED_MAX) this.#forgetOldest();
  }

  find(answer: Answer): ObjectCommitted | 'forgotten' | 'unknown' {
    const revision = revisionOf(answer);
    if (revision === undefined) return this.#deletions.get(deletedUid(answer)!) ?? 'unknown';
    const isForgotten = this.#forgottenUpTo !== undefined && revision <= this.#forgottenUpTo;
    return isForgotten ? 'forgotten' : (this.#byRevision.get(revision) ?? 'unknown');
  }

  #forgetOldest(): void {
    const [oldest] = this.#byRevision;
    const [revision, commit] = oldest!;
    this.#byRevision.delete(revision);
    this.#forgottenUpTo = revision;
    if (commit.type === 'delete') this.#deletions.delete((commit.object.metadata as { uid: string }).uid);
  }
}
