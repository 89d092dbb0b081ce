/** The store alone as a {@link CrashTarget}: `store-process.ts` in a child process, driven over IPC. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Deferred, newDeferred } from '../../src/base/deferred.ts';
import type { CrashEvent, CrashList, CrashSession, CrashTarget, CrashValue } from './crash-target.ts';
import type { StoreCommand, StoreMessage } from './store-process.ts';

type CommandBody<C = StoreCommand> = C extends { id: number } ? Omit<C, 'id'> : never;

export function newStoreTarget(directory: string): CrashTarget {
  const program = new URL('./store-process.ts', import.meta.url);
  const children = new Set<ChildProcess>();
  const spawn = () => {
    const child = fork(program, [directory], { serialization: 'advanced', execArgv: [] });
    children.add(child);
    return child.once('exit', () => children.delete(child));
  };
  return {
    dispose: () => children.forEach((child) => void child.kill('SIGKILL')),
    start: () => StoreSession.open(spawn()),
    async startAndKill(afterMs) {
      const child = spawn();
      const gone = once(child, 'exit');
      await delay(afterMs);
      child.kill('SIGKILL');
      await gone;
    },
  };
}

class StoreSession implements CrashSession {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  readonly #answers = new Map<number, Deferred<unknown>>();
  readonly #watches = new Map<number, EventQueue>();
  #commandCount = 0;

  static async open(child: ChildProcess): Promise<StoreSession> {
    const session = new StoreSession(child);
    const [first] = (await Promise.race([
      once(child, 'message'),
      session.#gone.then(() => assert.fail(`the store process ended: ${child.exitCode}`)),
    ])) as [StoreMessage];
    assert.deepEqual(first, { ready: true });
    child.on('message', (message: StoreMessage) => session.#onMessage(message));
    return session;
  }

  constructor(child: ChildProcess) {
    this.#child = child;
    // 'disconnect' comes after the last message has been read; 'exit' may come before it.
    const drained = Promise.all([once(child, 'disconnect'), once(child, 'exit')]);
    this.#gone = drained.then(() => this.#onGone());
  }

  write(key: string, value: CrashValue): Promise<number> {
    return this.#ask({ verb: 'write', key, value }) as Promise<number>;
  }

  remove(key: string): Promise<number | undefined> {
    return this.#ask({ verb: 'remove', key }) as Promise<number | undefined>;
  }

  list(): Promise<CrashList> {
    return this.#ask({ verb: 'list' }) as Promise<CrashList>;
  }

  async compact(revision: number): Promise<void> {
    await this.#ask({ verb: 'compact', revision });
  }

  watch(afterRevision: number): AsyncIterable<CrashEvent> {
    const queue = new EventQueue();
    this.#watches.set(this.#send({ verb: 'watch', afterRevision }), queue);
    return queue.events();
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  #ask(body: CommandBody): Promise<unknown> {
    const answer = newDeferred<unknown>();
    this.#answers.set(this.#send(body), answer);
    return answer.promise;
  }

  #send(body: CommandBody): number {
    const id = ++this.#commandCount;
    // A command that can no longer be sent is one that the process never answers.
    this.#child.send({ id, ...body }, () => {});
    return id;
  }

  #onMessage(message: StoreMessage): void {
    assert.ok('id' in message);
    if ('events' in message) this.#watches.get(message.id)!.push(message.events);
    else if ('error' in message) {
      this.#watches.get(message.id)?.fail(new Error(message.error));
      this.#answers.get(message.id)?.reject(new Error(message.error));
    } else this.#answers.get(message.id)?.resolve(message.result);
  }

  #onGone(): void {
    for (const answer of this.#answers.values()) answer.reject(new Error('the process was killed'));
    for (const queue of this.#watches.values()) queue.end();
  }
}

/** Events from one watch, until the process is gone. */
class EventQueue {
  #waiting: CrashEvent[] = [];
  #failure: Error | undefined;
  #ended = false;
  #changed: Deferred<void> = newDeferred();

  push(events: CrashEvent[]): void {
    this.#waiting.push(...events);
    this.#changed.resolve();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#changed.resolve();
  }

  end(): void {
    this.#ended = true;
    this.#changed.resolve();
  }

  async *events(): AsyncGenerator<CrashEvent> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended && this.#waiting.length === 0) return;
      if (this.#waiting.length > 0) continue;
      await this.#changed.promise;
      this.#changed = newDeferred();
    }
  }
}
