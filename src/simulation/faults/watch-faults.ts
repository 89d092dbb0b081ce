/** Faults of watches: what Sieve calls stale state and missed events. @see "Automatic Reliability Testing for Cluster Management Controllers", OSDI 2022 */
import { CONTROL_PLANE, type World } from '../world/world.ts';
import { defineFault, type FaultKind } from './fault.ts';
import { DURATION, drawDuration, PARTY_NAME } from './fault-parameters.ts';
import { bothWays, drawClient, drawRemoteClient } from './network-faults.ts';

export const WATCH_FAULTS = {
  'stale-watches': defineFault({
    summary: 'events of watches arrive late, as from an API server that lags; everything else is fresh',
    parameters: { to: PARTY_NAME, lag: DURATION },
    lasts: { minMs: 1000, maxMs: 300_000 },
    draw: (random, parties) => ({
      to: drawClient(random, parties),
      lag: drawDuration(random, 20, 30_000),
    }),
    begin: (world, { to, lag }) =>
      world.network.disturb({ from: CONTROL_PLANE, to, change: { watchLagMs: lag } }),
  }),
  'missed-events': defineFault({
    summary: 'a party is cut off, and history is compacted meanwhile: its watches must begin anew',
    parameters: { party: PARTY_NAME },
    lasts: { minMs: 11_000, maxMs: 120_000 },
    draw: (random, parties) => ({ party: drawRemoteClient(random, parties) }),
    begin(world, { party }) {
      const mend = bothWays(world, party, CONTROL_PLANE, { isCut: true });
      return () => {
        compactHistory(world);
        mend();
      };
    },
  }),
  compaction: defineFault({
    summary: 'the store forgets its history at once: who is behind must begin anew',
    parameters: {},
    draw: () => ({}),
    begin(world) {
      compactHistory(world);
      return undefined;
    },
  }),
} satisfies Record<string, FaultKind>;

function compactHistory({ server }: World): void {
  if (server.listener?.life.isLiving !== true || server.store === undefined) return;
  // A store that cannot write now is compacted by its own loop later.
  server.store.compact(server.store.revision).catch(() => {});
}
