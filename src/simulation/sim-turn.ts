/**
 * Between two steps of virtual time everything that the first set in motion must have settled, however deep its promises.
 * Waiting for that costs a task of the event loop, 1.7 µs; Node has a door by which its own loop lets reactions run
 * between two callbacks, and going through it costs 0.05 µs. Where the door is missing, each step has a task of its own.
 */

/** What Node has beyond the language. `_tickCallback` is documented as deprecated, and is what Node's loop itself calls. */
interface Host {
  setImmediate?: (callback: () => void) => void;
  process?: { _tickCallback?: () => void };
}

const { setImmediate: inTaskOfItsOwn, process } = globalThis as Host;
const letReactionsRun = process?._tickCallback;

/** Takes all `steps`, the first when everything pending has settled, each other one when the one before it has. */
export const takeSteps: (steps: Iterator<unknown>) => Promise<void> =
  inTaskOfItsOwn === undefined || letReactionsRun === undefined
    ? takeStepsInTasks
    : (steps) => takeStepsInOneTask(steps, inTaskOfItsOwn, letReactionsRun);

function takeStepsInOneTask(
  steps: Iterator<unknown>,
  inTask: (callback: () => void) => void,
  settle: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    inTask(() => {
      try {
        while (steps.next().done !== true) settle();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

/**
 * The language has one door to a later task that needs no host: a waiter of `Atomics.waitAsync` is resolved by a task of its
 * own, when every pending promise reaction has run.
 */
async function takeStepsInTasks(steps: Iterator<unknown>): Promise<void> {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  do {
    const waiter = Atomics.waitAsync(cell, 0, 0);
    Atomics.notify(cell, 0);
    await waiter.value;
  } while (steps.next().done !== true);
}
