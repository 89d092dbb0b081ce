/**
 * What clients did to registers, one register a key, and what they were told: the material of {@link checkLinearizability}.
 *
 *     invoke ──complete──> it took effect at some moment in between, and this was the answer
 *        │ ├───fail──────> it had no effect and never will (a 409 or 404 is an answer, not a failure)
 *        │ └───unknown───> the answer was lost: it may take effect at any later moment, or never
 *        └─(nothing)─────> as unknown
 *
 * Order is that of the calls, which one thread makes: exact also within one virtual millisecond.
 */
import { assert } from '../../../base/assert.ts';
import type { Clock } from '../../../base/clock.ts';

/** `undefined` is "there is no object". Values that are written once each make for the sharpest check. */
export type RegisterValue = string | undefined;

export type RegisterOperation =
  | { do: 'read'; key: string }
  | { do: 'write'; key: string; value: string }
  /** Writes `value` where `expected` is: a create where that is `undefined`, a conditional delete where `value` is. */
  | { do: 'swap'; key: string; expected: RegisterValue; value: RegisterValue }
  | { do: 'delete'; key: string };

/** Of a read its value; of all others whether they were done (`false`: a conflict, or nothing to delete). */
export type RegisterAnswer = { value: RegisterValue } | { done: boolean };

export interface RecordedOperation {
  readonly client: string;
  readonly operation: RegisterOperation;
  /** Places in the order of all invocations and answers. */
  readonly invoked: number;
  /** `Infinity` without an answer. */
  readonly completed: number;
  readonly answer: RegisterAnswer | undefined;
  readonly invokedMs: number;
  readonly completedMs: number;
}

export interface OperationHistory {
  /** Before the request leaves the client. A client that retries records each attempt by itself. */
  invoke(operation: RegisterOperation, client?: string): number;
  /** After its answer has arrived. */
  complete(id: number, answer: RegisterAnswer): void;
  fail(id: number): void;
  unknown(id: number): void;
  /** All but those that failed, in the order in which they were invoked. */
  operations(): RecordedOperation[];
}

export function newHistory(clock: Pick<Clock, 'monotonicMs'>): OperationHistory {
  const recorded = new Map<number, RecordedOperation>();
  const open = new Set<number>();
  let order = 0;
  const end = (id: number): RecordedOperation => {
    assert(open.delete(id), `operation ${id} is not open`);
    return recorded.get(id)!;
  };
  return {
    invoke(operation, client = '') {
      const id = order++;
      const unanswered = { completed: Infinity, completedMs: Infinity, answer: undefined };
      recorded.set(id, { client, operation, invoked: id, invokedMs: clock.monotonicMs(), ...unanswered });
      open.add(id);
      return id;
    },
    complete(id, answer) {
      const invoked = end(id);
      const isRead = invoked.operation.do === 'read';
      assert(isRead === 'value' in answer, `a ${invoked.operation.do} is not answered so`);
      recorded.set(id, { ...invoked, answer, completed: order++, completedMs: clock.monotonicMs() });
    },
    fail(id) {
      end(id);
      recorded.delete(id);
    },
    unknown(id) {
      end(id);
    },
    operations: () => [...recorded.values()],
  };
}
