import type { CliWorld } from './cli-world.ts';

/** Where a cluster keeps everything when the user does not say. */
export function resolveDataDir(world: Pick<CliWorld, 'homeDir'>, dataDir: string | undefined): string {
  return dataDir ?? `${world.homeDir}/.kintsugi`;
}
