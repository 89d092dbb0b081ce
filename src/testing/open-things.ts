/**
 * What a test has opened and must close: watches, listeners, controllers, timers, waits. What is left when the cluster
 * stops is named, with the place that made it.
 */
export interface OpenThing {
  /** `a watch of pods in default`. */
  what: string;
  /** File, line and column; empty when unknown. */
  site: string;
}

export class OpenThings {
  readonly #open = new Set<OpenThing>();

  /** The returned function says that it is closed. */
  add(thing: OpenThing): () => void {
    this.#open.add(thing);
    return () => this.#open.delete(thing);
  }

  /** In the order in which they were opened. */
  list(): OpenThing[] {
    return [...this.#open];
  }
}

/** A cluster was stopped while something of the test's was still open. Everything has been closed nevertheless. */
export class LeakError extends Error {
  override name = 'LeakError';
  readonly leaks: readonly OpenThing[];

  constructor(leaks: readonly OpenThing[]) {
    const [first, ...more] = leaks.map(formatOpenThing);
    super(
      more.length === 0
        ? `left open when the cluster stopped: ${first}`
        : `left open when the cluster stopped:\n${[first, ...more].map((line) => `  ${line}`).join('\n')}`,
    );
    this.leaks = leaks;
  }
}

/** `a watch of pods, opened at test/web.test.ts:12:20`. */
export function formatOpenThing({ what, site }: OpenThing): string {
  return site === '' ? what : `${what}, from ${site}`;
}
