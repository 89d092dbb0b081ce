/**
 * One life of a server as clients of a few registers see it: each register is a PodTemplate, which no controller touches and
 * PUT creates, and its value lies in an annotation. What clients did and were told goes into an {@link OperationHistory}.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { PodTemplate } from '../../src/api/generated/core-v1.ts';
import { POD_TEMPLATES } from '../../src/api/resources.ts';
import { hasReason } from '../../src/base/status-error.ts';
import type {
  OperationHistory,
  RegisterAnswer,
  RegisterOperation,
  RegisterValue,
} from '../../src/simulation/checkers/linearizability/operation-history.ts';
import { newServerClient, type ServerClient } from '../tools/server-client.ts';
import type { ServerProcess } from '../tools/server-process.ts';

const NAMESPACE = 'default';
/** A request that is not answered by then will not be: the server has been killed. */
const ANSWER_MS = 10_000;

/** Which revision a value has, as somebody was told: each value is written once. */
export type KnownRevisions = Map<string, string>;

export class RegisterSession {
  readonly #history: OperationHistory;
  readonly #revisions: KnownRevisions;
  readonly #client: ServerClient;
  readonly #gone = new AbortController();

  constructor(server: ServerProcess, history: OperationHistory, revisions: KnownRevisions) {
    this.#history = history;
    this.#revisions = revisions;
    this.#client = newServerClient(server);
  }

  /** The server has been killed: requests that wait for an answer get none. */
  end(): void {
    this.#gone.abort(new Error('the server was killed'));
    this.#client.close();
  }

  /** The answer; `undefined` when there was none, and there will be no other in this life. */
  async do(operation: RegisterOperation, client: string): Promise<RegisterAnswer | undefined> {
    const id = this.#history.invoke(operation, client);
    const giveUp = new AbortController();
    try {
      const answer = await Promise.race([
        this.#ask(operation),
        delay(ANSWER_MS, undefined, { signal: giveUp.signal }).then(() => {
          throw new Error(`no answer within ${ANSWER_MS} ms`);
        }),
      ]);
      if (answer === undefined) this.#history.fail(id);
      else this.#history.complete(id, answer);
      return answer ?? { done: false };
    } catch {
      this.#history.unknown(id);
      return undefined;
    } finally {
      giveUp.abort();
    }
  }

  /** `undefined`: it has had no effect, for a reason that says nothing about the value. */
  async #ask(operation: RegisterOperation): Promise<RegisterAnswer | undefined> {
    switch (operation.do) {
      case 'read':
        return { value: await this.#read(operation.key) };
      case 'write':
        // Two that create the same object at once: one of them did nothing.
        return (await this.#put(operation.key, operation.value, '')) ? { done: true } : undefined;
      case 'delete':
        return { done: await this.#delete(operation.key) };
      case 'swap':
        return { done: await this.#swap(operation) };
    }
  }

  async #read(key: string): Promise<RegisterValue> {
    const { client } = this.#client;
    const target = { namespace: NAMESPACE, name: key };
    const found = await unless(['NotFound'], client.get(POD_TEMPLATES, target, this.#gone.signal));
    return found && this.#note(found);
  }

  async #put(key: string, value: string, resourceVersion: string): Promise<boolean> {
    const { client } = this.#client;
    const writing = client.update(POD_TEMPLATES, toTemplate(key, value, resourceVersion), this.#gone.signal);
    // A revision of what is gone is a bad request where PUT would create the object.
    const written = await unless(['Conflict', 'AlreadyExists', 'BadRequest'], writing);
    return written !== undefined && this.#note(written) === value;
  }

  async #delete(key: string, resourceVersion?: string): Promise<boolean> {
    const { client } = this.#client;
    const options = resourceVersion === undefined ? {} : { preconditions: { resourceVersion } };
    const target = { namespace: NAMESPACE, name: key };
    const deleting = client.delete(POD_TEMPLATES, target, options, this.#gone.signal);
    return (await unless(['NotFound', 'Conflict'], deleting)) !== undefined;
  }

  async #swap({ key, expected, value }: RegisterOperation & { do: 'swap' }): Promise<boolean> {
    if (expected === undefined) {
      const { client } = this.#client;
      const creating = client.create(POD_TEMPLATES, toTemplate(key, value!, ''), this.#gone.signal);
      const created = await unless(['AlreadyExists'], creating);
      return created !== undefined && this.#note(created) === value;
    }
    const revision = this.#revisions.get(expected)!;
    return value === undefined ? this.#delete(key, revision) : this.#put(key, value, revision);
  }

  #note({ metadata }: PodTemplate): string {
    const { value = '' } = metadata.annotations ?? {};
    this.#revisions.set(value, metadata.resourceVersion);
    return value;
  }
}

function toTemplate(name: string, value: string, resourceVersion: string): PodTemplate {
  const revision = resourceVersion === '' ? {} : { resourceVersion };
  const template = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { namespace: NAMESPACE, name, annotations: { value }, ...revision },
    template: { spec: { containers: [{ name: 'main', image: 'main' }] } },
  };
  // What the server fills in is not there yet.
  return template as unknown as PodTemplate;
}

type Refusal = 'NotFound' | 'Conflict' | 'AlreadyExists' | 'BadRequest';

async function unless<T>(refusals: readonly Refusal[], asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (refusals.some((refusal) => hasReason(error, refusal))) return undefined;
    throw error;
  }
}
