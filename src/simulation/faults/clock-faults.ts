/** Faults of one machine's wall clock. Timers and monotonic time go on as they should. */
import { defineFault, type FaultKind } from './fault.ts';
import { drawDuration, MACHINE_NAME, NUMBER, pick, SIGNED_DURATION } from './fault-parameters.ts';

const DRIFT_STEP_MS = 1000;

export const CLOCK_FAULTS = {
  'clock-jump': defineFault({
    summary:
      "a machine's wall clock is wrong by so much, from one moment to the next; with its end it is corrected",
    parameters: { machine: MACHINE_NAME, by: SIGNED_DURATION },
    lasts: { minMs: 1000, maxMs: 600_000 },
    draw: (random, { machines }) => ({
      machine: pick(random, machines),
      by: `${random.next() < 0.5 ? '-' : ''}${drawDuration(random, 100, 600_000)}`,
    }),
    begin(world, { machine, by }) {
      const found = world.machine(machine);
      found.skewMs += by;
      return () => {
        found.skewMs -= by;
      };
    },
  }),
  'clock-drift': defineFault({
    summary:
      "a machine's wall clock gains (or loses) so many milliseconds each second; with its end it is corrected",
    parameters: { machine: MACHINE_NAME, msPerSecond: NUMBER },
    lasts: { minMs: 10_000, maxMs: 600_000 },
    draw: (random, { machines }) => ({
      machine: pick(random, machines),
      msPerSecond: Math.round((random.next() - 0.5) * 200),
    }),
    begin(world, { machine, msPerSecond }) {
      const found = world.machine(machine);
      let gainedMs = 0;
      const gain = () => {
        found.skewMs += msPerSecond;
        gainedMs += msPerSecond;
        timer = world.clock.setTimer(DRIFT_STEP_MS, gain);
      };
      let timer = world.clock.setTimer(DRIFT_STEP_MS, gain);
      return () => {
        timer.cancel();
        found.skewMs -= gainedMs;
      };
    },
  }),
} satisfies Record<string, FaultKind>;
