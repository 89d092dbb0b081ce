/**
 * The one implementation of ApiClient: turns calls into requests on a Transport and answers into values. In process the
 * answers are the server's own frozen objects, by reference; over HTTPS they are parsed from bytes.
 *
 * Inputs are handed over: nobody may change them after the call. This file never does.
 */

import type { ApiRequest, ApiResponse, RequestBody, Transport } from '../api/message.ts';
import type { KubeObject, NewObject, ObjectList } from '../api/meta.ts';
import type { ResourceRef } from '../api/resources.ts';
import type {
  ApiClient,
  DeleteOptions,
  ListOptions,
  ObjectName,
  Patch,
  WatchEvent,
  WatchOptions,
} from './api-client.ts';
import { collectionPath, listQuery, objectPath, watchQuery } from './request-path.ts';
import { expectSuccess, readChunks, readValue } from './response-body.ts';
import { WatchEvents } from './watch-events.ts';

export interface RestClientOptions {
  /** Who calls, for the server's logs and field managers: `kintsugi-controllers/0.1`. */
  userAgent: string;
  /** A service account's token, read anew for every request because it rotates. */
  bearerToken?: () => string;
}

export function newRestClient(transport: Transport, options: RestClientOptions): ApiClient {
  return new RestClient(transport, options);
}

const PATCH_CONTENT_TYPES: Readonly<Record<Patch['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

interface Call {
  method: ApiRequest['method'];
  path: string;
  query?: URLSearchParams;
  contentType?: string;
  body?: unknown;
}

class RestClient implements ApiClient {
  readonly #transport: Transport;
  readonly #userAgent: string;
  readonly #bearerToken: (() => string) | undefined;

  constructor(transport: Transport, options: RestClientOptions) {
    this.#transport = transport;
    this.#userAgent = options.userAgent;
    this.#bearerToken = options.bearerToken;
  }

  get<T extends KubeObject>(resource: ResourceRef<T>, target: ObjectName, signal: AbortSignal): Promise<T> {
    return this.#value({ method: 'GET', path: objectPath(resource, target) }, signal);
  }

  list<T extends KubeObject>(
    resource: ResourceRef<T>,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<ObjectList<T>> {
    const path = collectionPath(resource, options.namespace);
    return this.#value({ method: 'GET', path, query: listQuery(options) }, signal);
  }

  watch<T extends KubeObject>(
    resource: ResourceRef<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const path = collectionPath(resource, options.namespace);
    const open = () => this.#send({ method: 'GET', path, query: watchQuery(options) }, signal);
    return new WatchEvents<T>(open, signal);
  }

  create<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: NewObject<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const path = collectionPath(resource, object.metadata.namespace);
    return this.#value({ method: 'POST', path, body: object }, signal);
  }

  update<T extends KubeObject>(resource: ResourceRef<T>, object: T, signal: AbortSignal): Promise<T> {
    return this.#value({ method: 'PUT', path: objectPath(resource, object.metadata), body: object }, signal);
  }

  updateStatus<T extends KubeObject>(resource: ResourceRef<T>, object: T, signal: AbortSignal): Promise<T> {
    return this.updateSubresource(resource, object, 'status', signal);
  }

  updateSubresource<T extends KubeObject>(
    resource: ResourceRef<T>,
    object: T,
    subresource: string,
    signal: AbortSignal,
  ): Promise<T> {
    const path = objectPath(resource, object.metadata, subresource);
    return this.#value({ method: 'PUT', path, body: object }, signal);
  }

  patch<T extends KubeObject>(
    resource: ResourceRef<T>,
    target: ObjectName,
    patch: Patch,
    signal: AbortSignal,
  ): Promise<T> {
    const path = objectPath(resource, target, patch.subresource);
    const contentType = PATCH_CONTENT_TYPES[patch.type];
    return this.#value({ method: 'PATCH', path, contentType, body: patch.body }, signal);
  }

  delete<T extends KubeObject>(
    resource: ResourceRef<T>,
    target: ObjectName,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<T> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    return this.#value({ method: 'DELETE', path: objectPath(resource, target), body }, signal);
  }

  async deleteCollection<T extends KubeObject>(
    resource: ResourceRef<T>,
    selection: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const path = collectionPath(resource, selection.namespace);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    await this.#value({ method: 'DELETE', path, query: listQuery(selection), body }, signal);
  }

  createSubresource<T extends KubeObject>(
    resource: ResourceRef<T>,
    target: ObjectName,
    subresource: { name: string; body: unknown },
    signal: AbortSignal,
  ): Promise<unknown> {
    const path = objectPath(resource, target, subresource.name);
    return this.#value({ method: 'POST', path, body: subresource.body }, signal);
  }

  async *read(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const question = path.indexOf('?');
    const call: Call =
      question < 0
        ? { method: 'GET', path }
        : {
            method: 'GET',
            path: path.slice(0, question),
            query: new URLSearchParams(path.slice(question + 1)),
          };
    const response = await this.#send(call, signal);
    yield* readChunks(response.body);
    signal.throwIfAborted();
  }

  async #value<V>(call: Call, signal: AbortSignal): Promise<V> {
    const response = await this.#send(call, signal);
    return (await readValue(response.body)) as V;
  }

  async #send(call: Call, signal: AbortSignal): Promise<ApiResponse> {
    signal.throwIfAborted();
    const response = await this.#transport.send(this.#toRequest(call), signal);
    await expectSuccess(response);
    return response;
  }

  #toRequest({ method, path, query, contentType, body }: Call): ApiRequest {
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': this.#userAgent };
    if (body !== undefined) headers['content-type'] = contentType ?? 'application/json';
    if (this.#bearerToken !== undefined) headers['authorization'] = `Bearer ${this.#bearerToken()}`;
    const requestBody: RequestBody = body === undefined ? { kind: 'none' } : { kind: 'object', value: body };
    return {
      method,
      path,
      query: query ?? new URLSearchParams(),
      headers,
      body: requestBody,
      peer: NOBODY,
    };
  }
}

/** A client claims nothing about itself: the connection proves who it is, or the in-process transport says so. */
const NOBODY: ApiRequest['peer'] = { kind: 'remote', address: '', certificate: undefined };
