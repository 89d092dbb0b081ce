/**
 * The way to the API of one who leads: no write leaves once the lead may have passed to another. What is on its way then
 * still arrives: the API knows nothing of terms.
 */
import type { Transport } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';
import type { Leadership } from './leader-election.ts';

export function newFencedTransport(transport: Transport, leadership: Leadership): Transport {
  return {
    send(request, signal) {
      if (request.method === 'GET' || leadership.isHeld()) return transport.send(request, signal);
      return Promise.reject(new StatusError('ServiceUnavailable', 'the lead may be with another by now'));
    },
  };
}
