/**
 * Custom objects in another version than the one that they are in. Where their definition names a webhook it is asked, for
 * many objects at once; without one, versions differ in nothing but the name.
 *
 *     stored objects ─► made lately? ─► being made for somebody else? ─► review (at most 256 objects, 2 MiB) ─► checked,
 *     pruned, defaults ─► remembered by uid and resourceVersion, up to 16 MiB a definition
 *
 * A call is not given up when one who waits for it leaves: others may wait for it too. It ends after 30 s.
 */
import type { CustomConversion } from '../../api/custom/custom-kind.ts';
import { decodeCustom } from '../../api/custom/decode-custom.ts';
import type { JsonValue } from '../../api/json.ts';
import { gvkOf, gvkText, toApiVersion } from '../../api/meta.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { type Random, randomUid } from '../../base/random.ts';
import { RecentMap } from '../../base/recent-map.ts';
import type { StatusError } from '../../base/status-error.ts';
import { type ApiObject, copyJson } from '../api-object.ts';
import { UnlistedError } from '../errors.ts';
import { WebhookCallError, type WebhookCaller } from '../webhooks/webhook-caller.ts';
import {
  acceptConverted,
  conversionReviewText,
  conversionVersionOf,
  InvalidConversionError,
  readConversion,
} from './conversion-review.ts';

const BATCH_OBJECTS = 256;
const BATCH_CHARACTERS = 2 * 1024 * 1024;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const REMEMBERED_CHARACTERS = 8 * 1024 * 1024;

interface Made {
  object: ApiObject;
  /** In JSON, before. */
  characters: number;
}

interface Memory {
  made: RecentMap<string, Made>;
  underWay: Map<string, Promise<Made>>;
}

interface Job {
  object: ApiObject;
  text: string;
  settle: PromiseWithResolvers<Made>;
}

export class CustomConversions {
  readonly #caller: WebhookCaller;
  readonly #random: Random;
  readonly #never = new AbortController().signal;
  readonly #memories = new WeakMap<CustomConversion, Memory>();

  constructor(caller: WebhookCaller, random: Random) {
    this.#caller = caller;
    this.#random = random;
  }

  /** Versions of objects of the store, to be read only. @throws StatusError when the webhook fails or lies */
  async ofStored(row: ResourceRow, objects: readonly ApiObject[]): Promise<ApiObject[]> {
    const { conversion } = row.custom!;
    const apiVersion = toApiVersion(row.group, row.version);
    if (conversion === undefined) return objects.map((object) => renamed(object, apiVersion));
    const memory = this.#memoryOf(conversion);
    const results: (ApiObject | Promise<Made>)[] = [];
    const jobs: Job[] = [];
    for (const object of objects) {
      const key = `${apiVersion} ${object.metadata.uid} ${object.metadata.resourceVersion}`;
      const known = object.apiVersion === apiVersion ? object : memory.made.get(key)?.object;
      results.push(known ?? memory.underWay.get(key) ?? this.#enqueue(object, jobs, { memory, key }));
    }
    await this.#work(row, conversion, jobs);
    const converted: ApiObject[] = [];
    for (const result of results) converted.push(result instanceof Promise ? (await result).object : result);
    return converted;
  }

  /** A version of what a client has sent, or of what is not stored; the caller's own. @throws StatusError as above */
  async ofGiven(row: ResourceRow, object: ApiObject): Promise<ApiObject> {
    const { conversion } = row.custom!;
    const apiVersion = toApiVersion(row.group, row.version);
    if (object.apiVersion === apiVersion) return object;
    if (conversion === undefined) return renamed(object, apiVersion);
    const jobs: Job[] = [];
    const made = this.#enqueue(object, jobs);
    await this.#work(row, conversion, jobs);
    return (await made).object;
  }

  #memoryOf(conversion: CustomConversion): Memory {
    let memory = this.#memories.get(conversion);
    if (memory === undefined) {
      const weigh = ({ characters }: Made) => characters;
      memory = { made: new RecentMap(REMEMBERED_CHARACTERS, weigh), underWay: new Map() };
      this.#memories.set(conversion, memory);
    }
    return memory;
  }

  #enqueue(object: ApiObject, jobs: Job[], remember?: { memory: Memory; key: string }): Promise<Made> {
    const settle = Promise.withResolvers<Made>();
    jobs.push({ object, text: JSON.stringify(object), settle });
    const { promise } = settle;
    if (remember !== undefined) {
      const { memory, key } = remember;
      memory.underWay.set(key, promise);
      promise.then(
        (made) => {
          memory.underWay.delete(key);
          memory.made.set(key, made);
        },
        () => memory.underWay.delete(key),
      );
    }
    // Who waits for it hears of its failure; perhaps nobody does any more.
    promise.catch(() => undefined);
    return promise;
  }

  /** One batch after the other; after one that failed the rest is not tried. */
  async #work(row: ResourceRow, conversion: CustomConversion, jobs: readonly Job[]): Promise<void> {
    for (let start = 0; start < jobs.length; ) {
      const batch = batchFrom(jobs, start);
      start += batch.length;
      try {
        const made = await this.#ask(row, conversion, batch);
        for (const [index, job] of batch.entries()) {
          job.settle.resolve({ object: made[index]!, characters: job.text.length });
        }
      } catch (error) {
        for (const job of jobs) job.settle.reject(error);
        throw error;
      }
    }
  }

  async #ask(row: ResourceRow, conversion: CustomConversion, batch: readonly Job[]): Promise<ApiObject[]> {
    const { definition, clientConfig, reviewVersions } = conversion;
    const desiredApiVersion = toApiVersion(row.group, row.version);
    const version = conversionVersionOf(reviewVersions);
    const question = { version, uid: randomUid(this.#random), desiredApiVersion };
    const body = conversionReviewText(
      question,
      batch.map(({ text }) => text),
    );
    const fail = (why: string) => newConversionError(batch[0]!.object, why);
    const answer = await this.#caller
      .ask(
        { key: definition, clientConfig, body, timeoutMs: TIMEOUT_MS, answerBytesMax: ANSWER_BYTES_MAX },
        this.#never,
      )
      .catch((error: unknown): never => {
        throw error instanceof WebhookCallError ? fail(`failed: ${error.message}`) : error;
      });
    try {
      const converted = readConversion(answer, question);
      if (converted.length !== batch.length) {
        throw fail(`returned ${converted.length} objects, expected ${batch.length}`);
      }
      return batch.map(({ object }, index) =>
        shaped(row, acceptConverted(object, converted[index]!, desiredApiVersion)),
      );
    } catch (error) {
      throw error instanceof InvalidConversionError ? fail(error.message) : error;
    }
  }
}

function batchFrom(jobs: readonly Job[], start: number): readonly Job[] {
  let end = start;
  let characters = 0;
  while (end < jobs.length && end - start < BATCH_OBJECTS) {
    characters += jobs[end]!.text.length;
    if (end > start && characters > BATCH_CHARACTERS) break;
    end++;
  }
  return jobs.slice(start, end);
}

function renamed(object: ApiObject, apiVersion: string): ApiObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** As its version's schema has it. */
function shaped(row: ResourceRow, object: ApiObject): ApiObject {
  const value = copyJson(object) as unknown as JsonValue;
  const options = { fieldValidation: 'Ignore', withDefaults: true } as const;
  return decodeCustom(value, row, row.custom!, options).object as unknown as ApiObject;
}

function newConversionError({ apiVersion, kind }: ApiObject, why: string): StatusError {
  const message = `conversion webhook for ${gvkText(gvkOf({ apiVersion, kind }))} ${why}`;
  return new UnlistedError('', message, { code: 500 });
}
