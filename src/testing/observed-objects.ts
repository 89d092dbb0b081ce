/** What a condition looked at when it was asked last: the objects that an explanation of its failure must show. */
import type { ApiRequest, ApiResponse, Transport } from '../api/message.ts';
import type { KubeObject } from '../api/meta.ts';

/** More are not shown. */
const OBJECTS_MAX = 20;

export class ObservedObjects {
  #objects = new Map<string, KubeObject>();
  #missing = new Set<string>();
  #omitted = 0;

  get objects(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  /** What was looked for and does not exist, in the API's words. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /** Of lists: how many more there were. */
  get omitted(): number {
    return this.#omitted;
  }

  clear(): void {
    this.#objects.clear();
    this.#missing.clear();
    this.#omitted = 0;
  }

  /** A transport whose answers to reads are remembered. */
  watchOver(transport: Transport): Transport {
    return {
      send: async (request, signal) => {
        const response = await transport.send(request, signal);
        if (request.method === 'GET') this.#take(request, response);
        return response;
      },
    };
  }

  #take(request: ApiRequest, { status, body }: ApiResponse): void {
    if (body.kind === 'list') {
      for (const item of body.value.items) this.#add(item as KubeObject);
    } else if (body.kind === 'object') {
      const value = body.value as KubeObject & { message?: string };
      if (status === 404) this.#missing.add(value.message ?? `${request.path} not found`);
      else this.#add(value);
    }
  }

  #add(object: KubeObject): void {
    const { uid } = object.metadata;
    if (uid === undefined) return;
    if (this.#objects.size >= OBJECTS_MAX && !this.#objects.has(uid)) this.#omitted++;
    else this.#objects.set(uid, object);
  }
}
