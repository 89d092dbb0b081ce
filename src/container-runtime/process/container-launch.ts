/** Prepares a container's directory for its shim: scripts, environment, root. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ContainerMount } from '../runtime.ts';
import type { ContainerDirectory, ContainerRecord } from './container-directory.ts';
import { containerUser } from './container-user.ts';
import { type Command, resolveCommand } from './entrypoint.ts';
import type { IsolationSupport } from './isolation.ts';
import {
  CONTAINER_ID_VARIABLE,
  environmentScript,
  initScript,
  type LaunchPlan,
  shimScript,
} from './launch-scripts.ts';
import type { ProcessSandbox } from './process-sandbox.ts';
import { layOutSkeleton } from './root-skeleton.ts';
import type { SkeletonStock } from './skeleton-stock.ts';

export interface LaunchContext {
  record: ContainerRecord;
  directory: ContainerDirectory;
  sandbox: ProcessSandbox;
  support: IsolationSupport;
  skeletons: SkeletonStock;
  cgroupJoins: string[];
  /** The machine's `PATH` and `HOME`. */
  hostPath: string;
  hostHome: string;
  /** Programs are told to listen on this address. */
  listenAddress: string;
}

/** @throws RuntimeError `StartError`, or the file system's own error */
export function prepareLaunch(context: LaunchContext): Command {
  const { record, directory, sandbox, support } = context;
  const { config } = record;
  const isMountable = support.isolation !== 'none';
  const mounts = withSandboxFiles(config.mounts, isMountable ? sandbox.mounts() : []);
  const command = resolveCommand({
    image: record.image,
    config: { ...config, mounts },
    environment: [
      ['PATH', context.hostPath],
      ['HOME', context.hostHome],
      ['HOSTNAME', sandbox.record.config.hostname],
      ['POD_IP', sandbox.record.ip],
      ['HOST', context.listenAddress],
      // `$KINTSUGI_ROOT/data` is the volume mounted at /data, whether mounts can be made or not.
      ['KINTSUGI_ROOT', isMountable ? '/' : directory.links],
      [CONTAINER_ID_VARIABLE, record.id],
    ],
  });
  if (isMountable) {
    const skeleton = {
      directory: directory.root,
      mounts,
      readonlyRoot: config.security.readonlyRootFilesystem,
      keepMountFlags: support.isolation === 'user',
    };
    directory.writeScript('mounts', layOutSkeleton(skeleton, context.skeletons));
  } else linkVolumes(directory.links, config.mounts);
  const plan = launchPlan(context, command);
  directory.writeScript('env', environmentScript(command.environment));
  directory.writeScript('init', initScript(plan, directory.io));
  directory.writeScript('shim', shimScript(plan));
  return command;
}

function launchPlan(
  { record, directory, sandbox, support, cgroupJoins }: LaunchContext,
  command: Command,
): LaunchPlan {
  const { resources, stdin, stdinOnce, tty } = record.config;
  return {
    containerId: record.id,
    isolation: support.isolation,
    tools: support.tools,
    command,
    cgroupJoins,
    netnsPath: sandbox.record.netnsPath,
    hostname: sandbox.record.config.hostname,
    rootDirectory: support.isolation === 'none' ? undefined : directory.root,
    oomScoreAdj: resources.oomScoreAdj,
    user: containerUser(record),
    stdin: !stdin ? 'none' : stdinOnce ? 'once' : 'open',
    tty,
  };
}

function withSandboxFiles(
  mounts: readonly ContainerMount[],
  files: readonly ContainerMount[],
): ContainerMount[] {
  const taken = new Set(mounts.map(({ containerPath }) => containerPath));
  return [...files.filter(({ containerPath }) => !taken.has(containerPath)), ...mounts];
}

/** Outer volumes first: a link inside a volume lies in that volume, as a mount point would. */
function linkVolumes(links: string, mounts: readonly ContainerMount[]): void {
  mkdirSync(links, { recursive: true });
  for (const { containerPath, hostPath } of mounts.toSorted(
    (a, b) => a.containerPath.length - b.containerPath.length,
  )) {
    const link = join(links, containerPath);
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(throughDataLink(hostPath), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * A payload's version goes when the next one comes: a link to a file in it leads through `..data`, to whichever is current.
 * (A mount would keep the file.)
 *
 * @see kubelet atomic_writer.go
 */
function throughDataLink(hostPath: string): string {
  return hostPath.replace(/\/\.\.\d{4}_[^/]*\//, '/..data/');
}
