/** Starts listening, with an error that says which address was wanted and why it could not be had. */
import { once } from 'node:events';
import type { Server } from 'node:net';

/** The address cannot be listened on; `message` is fit for a user. */
export class ListenError extends Error {
  override name = 'ListenError';
  readonly code: string;
  readonly host: string;
  readonly port: number;

  constructor(address: ListenAddress, cause: NodeJS.ErrnoException) {
    const problem = PROBLEMS[cause.code ?? ''] ?? cause.message;
    super(`cannot listen on ${address.host}:${address.port}: ${problem}`, { cause });
    this.code = cause.code ?? '';
    this.host = address.host;
    this.port = address.port;
  }
}

export interface ListenAddress {
  host: string;
  port: number;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is already in use by another program',
  EACCES: 'not permitted; ports below 1024 need root',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** Resolves when `server` accepts connections. @throws ListenError */
export async function listenOn(server: Server, { host, port }: ListenAddress): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError({ host, port }, error as NodeJS.ErrnoException);
  }
}
