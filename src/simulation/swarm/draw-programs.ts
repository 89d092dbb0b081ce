/** What the containers of a swarm run: one row an image. All of them become and stay well in the end, but `broken`. */
import type { Random } from '../../base/random.ts';
import { drawMs } from '../faults/fault-parameters.ts';
import type { SimulatedProgram, SimulatedRun } from '../sim-program.ts';

type DrawProgram = (random: Random) => SimulatedProgram;

/** Where a program says whether it is ready; everywhere else it says that it is alive. */
export const READY_PATH = '/ready';

/** Listens, answers, ends when it is told to. */
const SERVES: SimulatedRun = { ports: 'any', onSignal: { SIGTERM: { afterMs: 0, code: 0 } } };

/** Images for containers that are to run on and on. */
const SERVING_IMAGES: Readonly<Record<string, DrawProgram>> = {
  web: () => ({ preloaded: true, runs: [SERVES] }),
  'web-2': (random) => ({ pull: { takesMs: drawMs(random, 10, 20_000) }, runs: [SERVES] }),
  'pulled-late': (random) => ({
    pull: {
      takesMs: drawMs(random, 10, 1000),
      error: { reason: 'RegistryUnavailable', message: 'the registry does not answer', times: 2 },
    },
    runs: [SERVES],
  }),
  flaky: (random) => ({
    preloaded: true,
    runs: [...crashes(random, 1 + Math.floor(random.next() * 4)), SERVES],
  }),
  'slow-start': (random) => ({
    preloaded: true,
    runs: [{ ...SERVES, startMs: drawMs(random, 100, 30_000) }],
  }),
  'ready-late': (random) => ({
    preloaded: true,
    runs: [{ ...SERVES, readyAfterMs: drawMs(random, 500, 60_000) }],
  }),
  'unready-for-a-while': (random) => ({ preloaded: true, runs: [unreadyForAWhile(random)] }),
  'slow-stop': (random) => ({
    preloaded: true,
    runs: [{ ...SERVES, onSignal: { SIGTERM: { afterMs: drawMs(random, 500, 40_000), code: 0 } } }],
  }),
  deaf: () => ({ preloaded: true, runs: [{ ...SERVES, onSignal: { SIGTERM: 'ignore' } }] }),
};

/** Images for what ends by itself. */
const ENDING_IMAGES: Readonly<Record<string, DrawProgram>> = {
  task: (random) => ({ preloaded: true, runs: [ends(random)] }),
  'task-retried': (random) => ({ preloaded: true, runs: [...crashes(random, 2), ends(random)] }),
};

/** Of a container that hangs only a liveness probe notices. */
export const HANGING_IMAGE = 'hangs-once';
/** Never runs well: what a rollout with a bug looks like. */
export const BROKEN_IMAGE = 'broken';
/** Always runs well. */
export const SOUND_IMAGE = 'web';

export const SERVING_IMAGE_NAMES: readonly string[] = Object.keys(SERVING_IMAGES);
export const ENDING_IMAGE_NAMES: readonly string[] = Object.keys(ENDING_IMAGES);

export function drawPrograms(random: Random): Record<string, SimulatedProgram> {
  const rows = {
    ...SERVING_IMAGES,
    ...ENDING_IMAGES,
    [HANGING_IMAGE]: drawHanging,
    [BROKEN_IMAGE]: drawBroken,
  };
  return Object.fromEntries(Object.entries(rows).map(([image, draw]) => [image, draw(random.fork(image))]));
}

function drawHanging(random: Random): SimulatedProgram {
  return { preloaded: true, runs: [{ ...SERVES, hang: { afterMs: drawMs(random, 1000, 300_000) } }, SERVES] };
}

function drawBroken(random: Random): SimulatedProgram {
  if (random.next() < 0.3) return { preloaded: true, runs: [{ startError: 'exec: "serve": not found' }] };
  return { preloaded: true, runs: crashes(random, 1) };
}

function crashes(random: Random, count: number): SimulatedRun[] {
  return Array.from({ length: count }, () => ({
    ...SERVES,
    exit: { afterMs: drawMs(random, 10, 60_000), code: random.next() < 0.2 ? 0 : 1 },
  }));
}

function ends(random: Random): SimulatedRun {
  return { exit: { afterMs: drawMs(random, 10, 20_000), code: 0 } };
}

function unreadyForAWhile(random: Random): SimulatedRun {
  const fromMs = drawMs(random, 1000, 300_000);
  return {
    ...SERVES,
    answers: [{ path: READY_PATH, status: 503, fromMs, untilMs: fromMs + drawMs(random, 1000, 60_000) }],
  };
}
