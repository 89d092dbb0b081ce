/** Waits for a condition in the cluster's time. */
import type { Truthy } from './cluster.ts';
import { ConditionTimeoutError } from './condition-timeout-error.ts';
import { explain, type Scene } from './explain.ts';
import type { OpenThing } from './open-things.ts';
import { formatSpan } from './parse-span.ts';
import type { TimeDriver } from './time-driver.ts';

/** A condition that depends on what makes no sound is looked at as often. */
const QUIET_MAX_MS = 1000;

export interface Wait<T> {
  condition: () => T | Promise<T>;
  withinMs: number;
  description: string;
  /** Where the test waits. */
  thing: OpenThing;
}

export interface WaitContext extends Scene {
  time: TimeDriver;
  /** The condition itself may hang: {@link StandstillWarning.waiting}. */
  waiting(thing: OpenThing): () => void;
  /** Throws what has failed in the background. */
  throwIfFailed(): void;
}

export async function waitUntil<T>(wait: Wait<T>, context: WaitContext): Promise<Truthy<T>> {
  const { time, world } = context;
  const { clock } = world;
  const startMs = clock.monotonicMs();
  const deadlineMs = startMs + wait.withinMs;
  for (;;) {
    context.throwIfFailed();
    const seen = time.happenings;
    const answer = await ask(wait, context);
    if ('value' in answer && answer.value) return answer.value as Truthy<T>;
    const leftMs = deadlineMs - clock.monotonicMs();
    if (leftMs <= 0) {
      context.throwIfFailed();
      throw newTimeout(wait, context, answer);
    }
    await time.untilMoreThan(seen, Math.min(QUIET_MAX_MS, leftMs));
  }
}

type Answer<T> = { value: T } | { error: unknown };

async function ask<T>({ condition, thing }: Wait<T>, context: WaitContext): Promise<Answer<T>> {
  context.observed.clear();
  const answered = context.waiting(thing);
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  } finally {
    answered();
  }
}

function newTimeout<T>(wait: Wait<T>, scene: Scene, answer: Answer<T>): ConditionTimeoutError {
  const last = 'error' in answer ? `it throws ${String(answer.error)}` : `it is ${String(answer.value)}`;
  const { site } = wait.thing;
  const head = `not so within ${formatSpan(wait.withinMs)}: ${wait.description}; ${last}${site === '' ? '' : ` (${site})`}`;
  const scenery = explain(scene);
  const message = scenery === '' ? head : `${head}\n\n${scenery}\n`;
  return new ConditionTimeoutError(message, 'error' in answer ? { cause: answer.error } : undefined);
}

/** What is waited for, in the test's own words or in its code. */
export function describeCondition(condition: () => unknown, description: string | undefined): string {
  if (description !== undefined) return description;
  const code = String(condition).replace(/\s+/g, ' ');
  return code.length <= 120 ? code : `${code.slice(0, 117)}...`;
}
