/** `version`: of this program and of the server, where one answers. */
import type { CliWorld } from '../cli-world.ts';
import { openSession } from '../cluster-session.ts';
import { errorLine } from '../report-error.ts';
import type { NamespaceFlags } from './shared-options.ts';

export interface VersionFlags extends NamespaceFlags {
  client?: boolean;
  output: 'text' | 'json';
}

/** Without a server it still tells its own version; that alone is no failure. */
export async function version(world: CliWorld, flags: VersionFlags, signal: AbortSignal): Promise<number> {
  const server = flags.client === true ? undefined : await serverVersion(world, flags, signal);
  const isText = flags.output === 'text';
  if (isText) {
    await world.stdout.write(`Client: kintsugi ${world.version}\n`);
    if (server !== undefined) await world.stdout.write(`Server: ${server.gitVersion ?? server.problem}\n`);
  } else {
    const result = {
      clientVersion: { version: world.version },
      ...(server === undefined ? {} : { serverVersion: server }),
    };
    await world.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  }
  return 0;
}

interface ServerVersion {
  gitVersion?: string;
  problem?: string;
}

async function serverVersion(
  world: CliWorld,
  flags: VersionFlags,
  signal: AbortSignal,
): Promise<ServerVersion> {
  try {
    const session = await openSession(world, flags);
    await using _ = { [Symbol.asyncDispose]: async () => session.close() };
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of session.client.read('/version', signal))
      text += decoder.decode(chunk, { stream: true });
    return JSON.parse(text) as ServerVersion;
  } catch (error) {
    signal.throwIfAborted();
    return { problem: errorLine(error) };
  }
}
