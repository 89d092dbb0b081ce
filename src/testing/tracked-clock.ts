/** The clock of a controller under test: it remembers who set each timer, so that one left behind can be named. */
import type { Clock, Timer } from '../base/clock.ts';
import { callSite } from './call-site.ts';
import type { OpenThings } from './open-things.ts';
import { formatSpan } from './parse-span.ts';

/** @param owner  `controller "web"` */
export function newTrackedClock(base: Clock, open: OpenThings, owner: string): Clock {
  const clock: Clock = {
    now: () => base.now(),
    monotonicMs: () => base.monotonicMs(),
    setTimer: (delayMs, callback) => {
      const what = `a timer of ${formatSpan(delayMs)} of ${owner}`;
      const closed = open.add({ what, site: callSite() });
      const timer = base.setTimer(delayMs, () => {
        closed();
        callback();
      });
      return cancelling(timer, closed);
    },
    sleep: (delayMs, signal) => {
      const what = `a sleep of ${formatSpan(delayMs)} of ${owner}`;
      const closed = open.add({ what, site: callSite() });
      return base.sleep(delayMs, signal).finally(closed);
    },
  };
  return clock;
}

function cancelling(timer: Timer, closed: () => void): Timer {
  return {
    cancel() {
      closed();
      timer.cancel();
    },
  };
}
