/**
 * Of several candidates at most one acts: whoever writes as a controller was, when its request left, the holder of the
 * lead. A process that stood still may not know yet, in the first moment, that it lost the lead meanwhile; upstream's does
 * not either, since the API knows nothing of terms. And nobody takes the lead from a holder who did not give it up before
 * the holder's last renewal is as old as the lease is long, by when that became durable and whatever any clock wrote into it.
 */
import type { Lease } from '../../api/generated/coordination-v1.ts';
import { LEASES } from '../../api/resources.ts';
import { parseTimestamp } from '../../base/clock.ts';
import { LEADER_ELECTION_DEFAULTS } from '../../client/leader-election.ts';
import { LEADER_LEASE } from '../world/sim-control-plane.ts';
import type { ObjectCommitted, RequestDone } from '../world/world-event.ts';
import type { CheckerFactory } from './checker.ts';
import { LEASES_PREFIX } from './storage-prefixes.ts';

const LEASE_KEY = `${LEASES_PREFIX}${LEADER_LEASE.namespace}/${LEADER_LEASE.name}`;

/** Who thaws hears of everything that is due at once, and ends. */
const AFTER_THAW_MS = 100;

export const newSingleLeaderChecker: CheckerFactory = ({ world }, report) => {
  /** Machines that held the lead, with when they got it; the last one holds it. Only changes of hands are kept. */
  const held = world
    .objects(LEASES, LEADER_LEASE.namespace)
    .filter(({ metadata }) => metadata.name === LEADER_LEASE.name);
  let terms = held.map((lease) => ({ machine: machineOf(lease), sinceMs: world.clock.now() }));
  const thawedMs = new Map<string, number>();
  // What happened before anybody looked is known only by the clock that wrote it.
  let renewedMs = parseTimestamp(held[0]?.spec.renewTime) ?? Number.NEGATIVE_INFINITY;

  const judgeTaking = ({ object, previous }: ObjectCommitted, nowMs: number) => {
    const before = (previous as unknown as Lease | undefined)?.spec.holderIdentity ?? '';
    const after = (object as unknown as Lease).spec.holderIdentity ?? '';
    const ageMs = Math.round(nowMs - renewedMs);
    if (before !== '' && after !== '' && after !== before && ageMs < LEADER_ELECTION_DEFAULTS.leaseDurationMs)
      report(`${after} took the lead ${ageMs} ms after ${before} had renewed it`);
    renewedMs = nowMs;
  };

  const holderAt = (ms: number) => terms.findLast(({ sinceMs }) => sinceMs <= ms)?.machine;

  const judge = ({ process, user, method, path, sentMs }: RequestDone) => {
    const [machine = ''] = process.split('/', 1);
    const isThawing = [machine, process].some(
      (name) => sentMs - (thawedMs.get(name) ?? -Infinity) <= AFTER_THAW_MS,
    );
    const holder = holderAt(sentMs);
    if (holder === undefined || holder === machine || isThawing) return;
    const since = terms.findLast(({ sinceMs }) => sinceMs <= sentMs)?.sinceMs ?? sentMs;
    report(
      `${process} sent ${method} ${path} as ${user}, ${sentMs - since} ms after ${holder} took the lead`,
    );
  };

  return {
    onEvent(event) {
      if (event.kind === 'request' && isControllersWrite(event)) judge(event);
      if (event.kind === 'process' && event.what === 'thawed') thawedMs.set(event.process, event.atMs);
      if (event.kind !== 'commit' || event.key !== LEASE_KEY) return;
      if (event.type === 'put') judgeTaking(event, event.atMs);
      const machine = event.type === 'put' ? machineOf(event.object as unknown as Lease) : '';
      if (machine === terms.at(-1)?.machine) return;
      terms = [...terms.slice(-TERMS_MAX), { machine, sinceMs: event.atMs }];
    },
  };
};

/** Enough to look back over what is on its way. */
const TERMS_MAX = 100;

/** `controllers-2_1` is the first term of machine `controllers-2`; a lead given up has no holder. */
function machineOf({ spec }: Lease): string {
  return spec.holderIdentity?.split('_', 1)[0] ?? '';
}

function isControllersWrite({ process, method, path, status }: RequestDone): boolean {
  if (method === 'GET' || status >= 300 || !process.endsWith('/controllers')) return false;
  return !path.includes(`/leases/${LEADER_LEASE.name}`) && !path.endsWith('/leases');
}
