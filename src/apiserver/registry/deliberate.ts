/**
 * A change whose decision takes time, because others are asked: not inside a transaction, but before one that commits only
 * while what the decision was made on is still the newest state. Else it is decided again.
 *
 *     newest state ─► decide (waits) ─► transaction: unchanged since? ─yes─► commit
 *          ▲                                            └─no─┐
 *          └─────────────────────────────────────────────────┘
 *
 * @see k8s.io/apiserver/pkg/storage/etcd3/store.go GuaranteedUpdate; docs/decisions/admission-webhooks.md
 */
import type { Change, NewestObjects, StoredObject, TransactResult } from '../../store/store.ts';
import { MODIFIED, newConflict } from '../errors.ts';
import { keyFor, type Registry, type Target } from './registry.ts';

/** Against a writer who is always faster: then the client is told of a conflict. */
const ATTEMPTS_MAX = 16;

/** What to do, decided in the turn of the commit and on the state that `decide` was given. */
export type Commit = (others: NewestObjects) => Change;

export async function deliberate(
  { store }: Pick<Registry, 'store'>,
  target: Target,
  decide: (current: StoredObject | undefined) => Promise<Commit>,
): Promise<TransactResult> {
  const key = keyFor(target);
  let { object: seen } = await store.transact(key, () => ({ keep: true }));
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const commit = await decide(seen);
    let isNewest = true;
    const result = await store.transact(key, (current, others) => {
      isNewest = current?.revision === seen?.revision;
      return isNewest ? commit(others) : { keep: true };
    });
    if (isNewest) return result;
    seen = result.object;
  }
  throw newConflict(target.row, target.name, MODIFIED);
}
