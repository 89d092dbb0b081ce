/**
 * Revisions are unique and only grow, and every object carries its own. What a crash does to them is told by
 * `durable-state.ts`.
 */
import type { CheckerFactory } from './checker.ts';

export const newRevisionsChecker: CheckerFactory = ({ world }, report) => {
  let last = world.server.store?.revision ?? 0;
  return {
    onEvent(event) {
      if (event.kind !== 'commit') return;
      const { revision, key, type, object } = event;
      if (revision <= last) report(`revision ${revision} of ${key} follows revision ${last}`);
      last = Math.max(last, revision);
      const { resourceVersion } = object.metadata;
      if (resourceVersion !== String(revision)) {
        report(
          `${type} of ${key} at revision ${revision} carries resourceVersion ${resourceVersion ?? 'none'}`,
        );
      }
    },
  };
};
