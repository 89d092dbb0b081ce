/**
 * Keeps two clusters of one machine apart. All agents of a cluster listen on the same Service addresses, which the kernel
 * allows by SO_REUSEPORT; it would allow the agents of another cluster, too, and spread clients over both. So every listener
 * holds an abstract Unix socket that names its address and its cluster: it ends with its process, however that dies.
 */
import { readFileSync } from 'node:fs';
import net from 'node:net';

export interface AddressClaim {
  release(): void;
}

const PREFIX = 'kintsugi/address/';

/** Makes the names of this process differ. */
let claims = 0;

/**
 * Claims `address` (`TCP/127.0.0.1:30080`) for `cluster`, beside other processes of the same cluster.
 * Rejects with code `EADDRINUSE` while another cluster holds it.
 */
export async function claimAddress(address: string, cluster: string): Promise<AddressClaim> {
  const server = net.createServer();
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: `\0${PREFIX}${address}/${cluster}/${process.pid}-${++claims}` }, resolve);
  });
  const release = () => void server.close();
  // Held first, looked at afterwards: of two that claim at once, at least one sees the other.
  if (holdersOf(address).some((holder) => holder !== cluster)) {
    release();
    throw Object.assign(new Error(`${address} is served by another cluster`), { code: 'EADDRINUSE' });
  }
  return { release };
}

/** The clusters that hold `address`. */
function holdersOf(address: string): string[] {
  const start = `@${PREFIX}${address}/`;
  const holders: string[] = [];
  for (const line of readTable().split('\n')) {
    const at = line.indexOf(start);
    if (at >= 0) holders.push(line.slice(at + start.length).split('/')[0]!);
  }
  return holders;
}

function readTable(): string {
  try {
    return readFileSync('/proc/net/unix', 'utf8');
  } catch {
    return ''; // no such table here: nobody is seen
  }
}
