/** Clients at work on a register server, in time of their own: histories that are linearizable, or not, as the server is. */
import { newSeededRandom } from '../../sim-random.ts';
import {
  newHistory,
  type RecordedOperation,
  type RegisterAnswer,
  type RegisterOperation,
  type RegisterValue,
} from './operation-history.ts';

/** Does an operation at one moment. */
export interface RegisterServer {
  apply(operation: RegisterOperation, nowMs: number): RegisterAnswer;
}

export interface Workload {
  seed: number;
  clients: number;
  keys: number;
  operations: number;
  /** The share of operations whose answer never arrives. */
  lostShare: number;
}

interface Happening {
  atMs: number;
  happen: () => void;
}

/** A server that is right. */
export function newRegisterServer(): RegisterServer & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return { values, apply: (operation) => applied(values, operation) };
}

export function applied(values: Map<string, string>, operation: RegisterOperation): RegisterAnswer {
  const { key } = operation;
  const present = values.get(key);
  switch (operation.do) {
    case 'read':
      return { value: present };
    case 'write':
      values.set(key, operation.value);
      return { done: true };
    case 'delete':
      return { done: values.delete(key) };
    case 'swap':
      if (present !== operation.expected) return { done: false };
      if (operation.value === undefined) values.delete(key);
      else values.set(key, operation.value);
      return { done: true };
  }
}

/** What the clients of `workload` record of `server`. */
export function recordHistory(workload: Workload, server: RegisterServer): RecordedOperation[] {
  const random = newSeededRandom(workload.seed);
  const happenings: Happening[] = [];
  let nowMs = 0;
  let left = workload.operations;
  const history = newHistory({ monotonicMs: () => nowMs });
  const after = (meanMs: number, happen: () => void) => {
    happenings.push({ atMs: nowMs + random.next() * 2 * meanMs, happen });
  };
  const draw = (count: number) => Math.floor(random.next() * count);

  const newOperation = (lastRead: Map<string, RegisterValue>): RegisterOperation => {
    const key = `/k${draw(workload.keys)}`;
    const value = `v${left}`;
    const kind = random.next();
    if (kind < 0.45) return { do: 'read', key };
    if (kind < 0.6) return { do: 'write', key, value };
    if (kind < 0.7) return { do: 'delete', key };
    return { do: 'swap', key, expected: lastRead.get(key), value: kind < 0.95 ? value : undefined };
  };

  const work = (client: string, lastRead: Map<string, RegisterValue>): void => {
    if (left-- <= 0) return;
    const operation = newOperation(lastRead);
    const id = history.invoke(operation, client);
    const next = () => after(5, () => work(client, lastRead));
    if (random.next() < workload.lostShare) {
      if (random.next() < 0.5) after(100, () => server.apply(operation, nowMs));
      after(20, () => {
        history.unknown(id);
        next();
      });
      return;
    }
    after(5, () => {
      const answer = server.apply(operation, nowMs);
      after(5, () => {
        history.complete(id, answer);
        if ('value' in answer) lastRead.set(operation.key, answer.value);
        next();
      });
    });
  };

  for (let i = 0; i < workload.clients; i++) work(`client-${i}`, new Map());
  for (;;) {
    let soonest = 0;
    for (let i = 1; i < happenings.length; i++) {
      if (happenings[i]!.atMs < happenings[soonest]!.atMs) soonest = i;
    }
    const [happening] = happenings.splice(soonest, 1);
    if (happening === undefined) return history.operations();
    nowMs = Math.round(happening.atMs * 1000) / 1000;
    happening.happen();
  }
}
