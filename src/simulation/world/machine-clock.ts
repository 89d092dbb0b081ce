/** The clock of whatever is built into a machine and outlives its reboots: it stands still while the machine is off. */
import type { Clock } from '../../base/clock.ts';
import type { SimulatedMachine } from './sim-machine.ts';

/** Timers set while the machine is off never fire. */
export function newMachineClock(base: Clock, machine: () => SimulatedMachine | undefined): Clock {
  const clock = () => {
    const found = machine();
    return found?.isOn ? found.life.clock : undefined;
  };
  return {
    now: () => (clock() ?? base).now(),
    monotonicMs: () => base.monotonicMs(),
    setTimer: (delayMs, callback) => clock()?.setTimer(delayMs, callback) ?? { cancel() {} },
    sleep: (delayMs, signal) => clock()?.sleep(delayMs, signal) ?? new Promise(() => {}),
  };
}
