/**
 * Where a paged list goes on: upstream's token, opaque to clients.
 *
 * @see k8s.io/apiserver/pkg/storage/continue.go
 */
import { type Status, StatusError } from '../../base/status-error.ts';
import { newBadRequest } from '../errors.ts';

export interface ContinuePoint {
  /** -1: go on at whatever revision is current, after the pages before have expired. */
  revision: number;
  /** Below the collection's prefix. */
  afterKey: string;
}

const VERSION = 'meta.k8s.io/v1';

export function encodeContinue({ revision, afterKey }: ContinuePoint): string {
  const json = JSON.stringify({ v: VERSION, rv: revision, start: `${afterKey}\0` });
  const bytes = String.fromCharCode(...new TextEncoder().encode(json));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @throws StatusError BadRequest */
export function decodeContinue(token: string): ContinuePoint {
  const point = parseToken(token);
  if (point?.v !== VERSION || !Number.isInteger(point.rv) || typeof point.start !== 'string') {
    throw newBadRequest('continue key is not valid: it was not made by this server');
  }
  const start = point.start.replace(/\0$/, '');
  if (start === '' || start.startsWith('/') || /(^|\/)\.\.?(\/|$)/.test(start)) {
    throw newBadRequest(`continue key is not valid: invalid start key ${JSON.stringify(start)}`);
  }
  return { revision: point.rv, afterKey: start };
}

function parseToken(token: string): { v: string; rv: number; start: string } | undefined {
  try {
    const binary = atob(token.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The pages before are compacted away; `metadata.continue` lets the client go on without consistency. */
export class ContinueExpiredError extends StatusError {
  readonly #token: string;

  constructor(afterKey: string, cause: unknown) {
    super(
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      { cause },
    );
    this.#token = encodeContinue({ revision: -1, afterKey });
  }

  override toStatus(): Status {
    return { ...super.toStatus(), metadata: { continue: this.#token } };
  }
}
