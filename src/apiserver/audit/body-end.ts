/** Follows an answer to its end, whoever ends it. */
import type { ResponseBody } from '../../api/message.ts';
import { onAbort } from '../../base/abort.ts';

/**
 * `body`, and `onEnd` called once: at once for what is complete, else when the last of it has been read, when its reader
 * stops or when `signal` aborts.
 */
export function onBodyEnd(body: ResponseBody, onEnd: () => void, signal: AbortSignal): ResponseBody {
  const isComplete = body.kind !== 'watch' && body.kind !== 'stream' && body.kind !== 'tunnel';
  if (isComplete || signal.aborted) {
    onEnd();
    return body;
  }
  let hasEnded = false;
  const end = () => {
    if (hasEnded) return;
    hasEnded = true;
    forget();
    onEnd();
  };
  const forget = onAbort(signal, end);
  if (body.kind === 'tunnel') {
    const { onClosed } = body;
    return {
      ...body,
      onClosed: () => {
        onClosed?.();
        end();
      },
    };
  }
  if (body.kind === 'watch') return { ...body, frames: followed(body.frames, end) };
  return { ...body, chunks: followed(body.chunks, end) };
}

function followed<T>(items: AsyncIterable<T>, onEnd: () => void): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = items[Symbol.asyncIterator]();
      return {
        next: () => endedBy(iterator.next(), onEnd),
        return: async () => {
          onEnd();
          return (await iterator.return?.()) ?? { done: true, value: undefined };
        },
      };
    },
  };
}

async function endedBy<T>(step: Promise<IteratorResult<T>>, onEnd: () => void): Promise<IteratorResult<T>> {
  let isLast = true;
  try {
    const result = await step;
    isLast = result.done === true;
    return result;
  } finally {
    if (isLast) onEnd();
  }
}
