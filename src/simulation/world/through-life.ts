/**
 * A part of the world as one life uses it: every call and every stream goes through the life's doors. The part itself lives
 * on when that life ends, as a container runtime and a disk do.
 */
import { onAbort } from '../../base/abort.ts';
import type { Life } from './life.ts';

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * @param methods  `call`: returns a promise; `read`: returns an async iterable and takes a signal last. A call listed in
 *   `broken` too is interrupted in the world when the life ends, by its last argument, a signal
 */
export function throughLife<T extends object>(
  part: T,
  life: Life,
  methods: {
    readonly call: readonly (keyof T & string)[];
    readonly read?: readonly (keyof T & string)[];
    readonly broken?: readonly (keyof T & string)[];
  },
): T {
  const functions: Record<string, AnyFunction> = {};
  const methodOf = (name: keyof T & string) => (part[name] as AnyFunction).bind(part);
  for (const name of methods.call) {
    const method = methodOf(name);
    functions[name] = (...args) => life.call(() => method(...args) as Promise<unknown>);
  }
  for (const name of methods.broken ?? []) {
    const method = methodOf(name);
    functions[name] = (...args) => life.call(() => interruptible(method, args, life));
  }
  for (const name of methods.read ?? []) {
    const method = methodOf(name);
    functions[name] = (...args) =>
      life.read(
        (signal) => method(...args.slice(0, -1), signal) as AsyncIterable<unknown>,
        args.at(-1) as AbortSignal,
      );
  }
  return functions as T;
}

async function interruptible(method: AnyFunction, args: unknown[], life: Life): Promise<unknown> {
  const signal = args.at(-1) as AbortSignal;
  const ended = new AbortController();
  const end = () => ended.abort(signal.aborted ? signal.reason : new Error('the caller is gone'));
  if (signal.aborted) end();
  const deafen = onAbort(signal, end);
  const forget = life.onEnd(end);
  try {
    return await method(...args.slice(0, -1), ended.signal);
  } finally {
    deafen();
    forget();
  }
}
