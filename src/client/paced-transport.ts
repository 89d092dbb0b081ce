/**
 * A transport that has so many requests under way at most; others wait here, in the order in which they came. A controller
 * that creates 500 Pods at once would else overflow its own queue at the server, and be refused what nobody else wanted.
 * Counts until the head of the answer is there: a watch that goes on counts no more.
 *
 * @see k8s.io/client-go/util/flowcontrol, which bounds the rate instead
 */
import type { ApiRequest, ApiResponse, Transport } from '../api/message.ts';
import { onAbort } from '../base/abort.ts';

export function newPacedTransport(transport: Transport, requestsMax: number): Transport {
  const waiting = new Set<() => void>();
  let free = requestsMax;
  const next = () => {
    const [begin] = waiting;
    if (begin === undefined) free++;
    else begin();
  };
  const sendNow = (request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> => {
    const answer = transport.send(request, signal);
    answer.then(next, next);
    return answer;
  };
  return {
    send(request, signal) {
      if (free > 0) {
        free--;
        return sendNow(request, signal);
      }
      if (signal.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const begin = () => {
          waiting.delete(begin);
          forget();
          resolve(sendNow(request, signal));
        };
        const forget = onAbort(signal, () => {
          waiting.delete(begin);
          reject(signal.reason);
        });
        waiting.add(begin);
      });
    },
  };
}
