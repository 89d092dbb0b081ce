/** Faults of whole machines: power, standing still, rebooting. */
import { defineFault, type FaultKind } from './fault.ts';
import { DURATION, drawDuration, MACHINE_NAME, pick, withDefault } from './fault-parameters.ts';

const REBOOT_MS = 20_000;

export const MACHINE_FAULTS = {
  'power-off': defineFault({
    summary: 'a machine loses power; with its end the power is back',
    parameters: { machine: MACHINE_NAME },
    lasts: { minMs: 1000, maxMs: 600_000 },
    draw: (random, { machines }) => ({ machine: pick(random, machines) }),
    begin(world, { machine }) {
      const found = world.machine(machine);
      found.powerOff();
      return () => {
        if (!found.isOn) found.powerOn();
      };
    },
  }),
  reboot: defineFault({
    summary: 'a machine loses power and is back by itself',
    parameters: { machine: MACHINE_NAME, takes: withDefault(DURATION, REBOOT_MS) },
    draw: (random, { machines }) => ({
      machine: pick(random, machines),
      takes: drawDuration(random, 1000, 120_000),
    }),
    begin(world, { machine, takes }) {
      const found = world.machine(machine);
      found.powerOff();
      const start = () => {
        timer.cancel();
        if (!found.isOn) found.powerOn();
      };
      const timer = world.clock.setTimer(takes, start);
      return start;
    },
  }),
  'freeze-machine': defineFault({
    summary: 'a machine stands still, as a virtual machine that is moved',
    parameters: { machine: MACHINE_NAME },
    lasts: { minMs: 100, maxMs: 120_000 },
    draw: (random, { machines }) => ({ machine: pick(random, machines) }),
    begin(world, { machine }) {
      const found = world.machine(machine);
      if (found.isOn && !found.isFrozen) found.freeze();
      return () => found.thaw();
    },
  }),
} satisfies Record<string, FaultKind>;
