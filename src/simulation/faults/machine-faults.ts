/** Faults of whole machines: power, standing still, rebooting. */
import type { Timer } from '../../base/clock.ts';
import { defineFault, type FaultKind } from './fault.ts';
import {
  COUNT,
  DURATION,
  drawCount,
  drawDuration,
  MACHINE_NAME,
  PROCESS_NAME,
  pick,
  withDefault,
} from './fault-parameters.ts';
import { findProcess, machineOf } from './process-faults.ts';

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
  'power-loss-at-step': defineFault({
    summary:
      'a machine loses power in the middle of what a process does: at its n-th door to the world from now',
    parameters: { process: PROCESS_NAME, steps: COUNT, takes: withDefault(DURATION, REBOOT_MS) },
    draw: (random, { processes }) => ({
      process: pick(random, processes),
      steps: drawCount(random, 1, random.next() < 0.5 ? 30 : 400),
      takes: drawDuration(random, 1000, 120_000),
    }),
    begin(world, { process, steps, takes }) {
      const found = findProcess(world, process);
      if (found === undefined) return undefined;
      const machine = machineOf(world, process);
      let isOver = false;
      const powerOn = () => {
        if (!machine.isOn) machine.powerOn();
      };
      const forget = found.life.onEnd(() => {
        machine.powerOff();
        if (!isOver) timer = world.clock.setTimer(takes, powerOn);
      });
      let timer: Timer | undefined;
      found.life.killAfterSteps(steps);
      return () => {
        isOver = true;
        forget();
        found.life.killAfterSteps(Number.POSITIVE_INFINITY);
        timer?.cancel();
        powerOn();
      };
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
