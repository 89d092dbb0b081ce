/**
 * What a container left to say when it ended: its message file, or with `FallbackToLogsOnError` the end of its log.
 *
 * @see kuberuntime getTerminationMessage
 */
import type { ContainerRuntime, ContainerStatus } from '../container-runtime/runtime.ts';
import { MESSAGE_HOST_PATH_ANNOTATION, MESSAGE_POLICY_ANNOTATION } from './container-identity.ts';
import {
  TERMINATION_LOG_MAX_BYTES,
  TERMINATION_LOG_MAX_LINES,
  TERMINATION_MESSAGE_MAX_BYTES,
} from './defaults.ts';
import type { VolumeHost } from './volumes/volume-host.ts';

export async function readTerminationMessage(
  { host, runtime }: { host: VolumeHost; runtime: ContainerRuntime },
  instance: ContainerStatus,
  signal: AbortSignal,
): Promise<string> {
  const path = instance.annotations[MESSAGE_HOST_PATH_ANNOTATION];
  const bytes =
    path === undefined ? new Uint8Array() : await host.readFile(path, TERMINATION_MESSAGE_MAX_BYTES, signal);
  if (bytes.length > 0) return new TextDecoder().decode(bytes);
  const fallsBack = instance.annotations[MESSAGE_POLICY_ANNOTATION] === 'FallbackToLogsOnError';
  if (!fallsBack || instance.exitCode === 0) return '';
  return logTail(runtime, instance.id, signal);
}

async function logTail(runtime: ContainerRuntime, containerId: string, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let tail = '';
  const options = { follow: false, tailLines: TERMINATION_LOG_MAX_LINES };
  for await (const { line } of runtime.readLog(containerId, options, signal)) tail += decoder.decode(line);
  return tail.slice(-TERMINATION_LOG_MAX_BYTES);
}
