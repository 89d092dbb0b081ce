/**
 * Makes the cluster's Service range local to this machine, so that Service addresses can be listened on without giving
 * each to an interface, and so that a packet to an address without a Service is answered here and never leaves by the
 * default route.
 *
 * Loopback mode needs none of it: all of 127.0.0.0/8 is local already.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Adds the local route; already there is fine. Needs CAP_NET_ADMIN in the network namespace of the caller.
 * @throws Error naming the command and what it printed
 */
export async function claimServiceRange(cidr: string, signal: AbortSignal): Promise<void> {
  await ip(['route', 'replace', 'local', cidr, 'dev', 'lo'], signal);
}

/** Removes the local route; absent is fine. Only when no agent on this machine serves the range any more. */
export async function releaseServiceRange(cidr: string, signal: AbortSignal): Promise<void> {
  if (!(await isServiceRangeClaimed(cidr, signal))) return;
  await ip(['route', 'del', 'local', cidr, 'dev', 'lo'], signal).catch(async (error: unknown) => {
    // Another agent of this machine may have been faster.
    if (await isServiceRangeClaimed(cidr, signal)) throw error;
  });
}

/** True when the whole range is local to this machine. */
export async function isServiceRangeClaimed(cidr: string, signal: AbortSignal): Promise<boolean> {
  const routes = await ip(['-j', 'route', 'show', 'table', 'local', 'type', 'local', 'root', cidr], signal);
  const parsed = JSON.parse(routes.trim() === '' ? '[]' : routes) as { dst?: string }[];
  return parsed.some((route) => route.dst === cidr);
}

/** Runs `ip`. @throws Error naming the command and what it printed */
export async function ip(args: string[], signal: AbortSignal): Promise<string> {
  try {
    return (await run('ip', args, { signal })).stdout;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`ip ${args.join(' ')}: ${(stderr ?? '').trim() || message}`, { cause: error });
  }
}
