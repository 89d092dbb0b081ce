/** What the containers of a swarm run: one row an image. All of them become and stay well in the end, but `broken`. */
import type { Random } from '../../base/random.ts';
import { drawMs } from '../faults/fault-parameters.ts';
import type { SimulatedProgram, SimulatedRun } from '../sim-program.ts';

type DrawProgram = (random: Random) => SimulatedProgram;

const STOPS_AT_ONCE = { SIGTERM: { afterMs: 0, code: 0 } };

/** Images for containers that are to run on and on. */
const SERVING_IMAGES: Readonly<Record<string, DrawProgram>> = {
  web: () => ({ preloaded: true, runs: [{ onSignal: STOPS_AT_ONCE }] }),
  'web-2': (random) => ({
    pull: { takesMs: drawMs(random, 10, 20_000) },
    runs: [{ onSignal: STOPS_AT_ONCE }],
  }),
  flaky: (random) => ({
    preloaded: true,
    runs: [...crashes(random, 1 + Math.floor(random.next() * 4)), { onSignal: STOPS_AT_ONCE }],
  }),
  'slow-start': (random) => ({
    preloaded: true,
    runs: [{ startMs: drawMs(random, 100, 30_000), onSignal: STOPS_AT_ONCE }],
  }),
  'slow-stop': (random) => ({
    preloaded: true,
    runs: [{ onSignal: { SIGTERM: { afterMs: drawMs(random, 500, 40_000), code: 0 } } }],
  }),
  deaf: () => ({ preloaded: true, runs: [{ onSignal: { SIGTERM: 'ignore' } }] }),
};

/** Images for what ends by itself. */
const ENDING_IMAGES: Readonly<Record<string, DrawProgram>> = {
  task: (random) => ({
    preloaded: true,
    runs: [{ exit: { afterMs: drawMs(random, 10, 20_000), code: 0 } }],
  }),
  'task-retried': (random) => ({
    preloaded: true,
    runs: [...crashes(random, 2), { exit: { afterMs: drawMs(random, 10, 5000), code: 0 } }],
  }),
};

/** Never runs well: what a rollout with a bug looks like. */
export const BROKEN_IMAGE = 'broken';
/** Always runs well. */
export const SOUND_IMAGE = 'web';

export const SERVING_IMAGE_NAMES: readonly string[] = Object.keys(SERVING_IMAGES);
export const ENDING_IMAGE_NAMES: readonly string[] = Object.keys(ENDING_IMAGES);

export function drawPrograms(random: Random): Record<string, SimulatedProgram> {
  const rows = { ...SERVING_IMAGES, ...ENDING_IMAGES, [BROKEN_IMAGE]: drawBroken };
  return Object.fromEntries(Object.entries(rows).map(([image, draw]) => [image, draw(random.fork(image))]));
}

function drawBroken(random: Random): SimulatedProgram {
  if (random.next() < 0.3) return { preloaded: true, runs: [{ startError: 'exec: "serve": not found' }] };
  return { preloaded: true, runs: crashes(random, 1) };
}

function crashes(random: Random, count: number): SimulatedRun[] {
  return Array.from({ length: count }, () => ({
    exit: { afterMs: drawMs(random, 10, 60_000), code: random.next() < 0.2 ? 0 : 1 },
  }));
}
