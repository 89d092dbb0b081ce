/** What clients of the real server are told, over HTTPS and over `kill -9`, is as if one after the other had asked. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { checkLinearizability } from '../../src/simulation/checkers/linearizability/linearizability.ts';
import {
  newHistory,
  type OperationHistory,
  type RegisterOperation,
  type RegisterValue,
} from '../../src/simulation/checkers/linearizability/operation-history.ts';
import { newSeededRandom } from '../../src/simulation/sim-random.ts';
import { newDataDir, type ServerProcess, startServer } from '../tools/server-process.ts';
import { RegisterSession } from './register-session.ts';

/** Some of those that begin say nothing, and do not count: two that create the same object at once. */
const OPERATIONS_MIN = 10_000;
const OPERATIONS = 10_500;
const LIVES = 10;
const CLIENTS = 16;
const KEYS = 6;

test('reads, writes and swaps of concurrent clients are linearizable while the server is killed under them', async (t) => {
  const dataDir = await newDataDir();
  let server: ServerProcess | undefined;
  t.after(async () => {
    await server?.kill();
    await rm(dataDir, { recursive: true, force: true });
  });
  const seed = Math.floor(Math.random() * 1e9);
  const clients = new Registers(seed);
  for (let life = 1; life <= LIVES; life++) {
    server = await startServer({ dataDir });
    await clients.live(server, (OPERATIONS * life) / LIVES);
  }
  const operations = clients.history.operations();
  const lost = operations.filter(({ answer }) => answer === undefined).length;
  t.diagnostic(`seed ${seed}: ${operations.length} operations, ${lost} of them without an answer`);
  assert.ok(operations.length >= OPERATIONS_MIN);
  assert.ok(lost >= LIVES - 1, 'kills came while operations were in flight');
  const verdict = checkLinearizability(operations);
  assert.equal(verdict.verdict, 'linearizable', 'report' in verdict ? verdict.report : verdict.verdict);
});

/** Clients that work on the same few registers, through all lives of the server. */
class Registers {
  readonly history: OperationHistory = newHistory({ monotonicMs: () => performance.now() });
  readonly #random;
  readonly #revisions = new Map<string, string>();
  /** By client: what it saw last of each register. */
  readonly #seen = Array.from({ length: CLIENTS }, () => new Map<string, RegisterValue>());
  #count = 0;

  constructor(seed: number) {
    this.#random = newSeededRandom(seed);
  }

  /** Until so many operations have begun in all; the server is killed while the last of them are under way. */
  async live(server: ServerProcess, until: number): Promise<void> {
    const session = new RegisterSession(server, this.history, this.#revisions);
    let killed: Promise<unknown> | undefined;
    const kill = () => {
      killed ??= server.kill().then(() => session.end());
    };
    await Promise.all(
      this.#seen.map(async (seen, client) => {
        for (;;) {
          if (this.#count >= until) kill();
          const operation = this.#draw(seen);
          this.#count++;
          const answer = await session.do(operation, `client-${client}`);
          if (answer === undefined) return;
          if ('value' in answer) seen.set(operation.key, answer.value);
        }
      }),
    );
    kill();
    await killed;
  }

  #draw(seen: Map<string, RegisterValue>): RegisterOperation {
    const random = this.#random;
    const key = `register-${Math.floor(random.next() * KEYS)}`;
    const value = `v${this.#count}`;
    const kind = random.next();
    if (kind < 0.45) return { do: 'read', key };
    if (kind < 0.6) return { do: 'write', key, value };
    if (kind < 0.68) return { do: 'delete', key };
    const expected = seen.get(key);
    const isDeletion = kind > 0.95 && expected !== undefined;
    return { do: 'swap', key, expected, value: isDeletion ? undefined : value };
  }
}
