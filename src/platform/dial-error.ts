/** Go's words for the errors of connecting that Node names by code: what people know from upstream's Events. */
import type { SocketTarget } from '../kubelet/probes/prober.ts';

const ERROR_TEXT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

export function dialError(error: unknown, address: string): string {
  const { code = '', message } = error as { code?: string; message: string };
  const dialled = ERROR_TEXT[code];
  if (dialled !== undefined) return `dial tcp ${address}: ${dialled}`;
  if (code === 'ECONNRESET')
    return message === 'socket hang up' ? 'EOF' : `read tcp ${address}: read: connection reset by peer`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${address.replace(/:\d+$/, '')}: no such host`;
  return message;
}

export function hostPort({ host, port }: SocketTarget): string {
  return `${bracketed(host)}:${port}`;
}

export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
