/**
 * Kubernetes' remote command protocol over WebSocket: each binary message is a channel number and bytes. Pure.
 *
 *   0 stdin · 1 stdout · 2 stderr · 3 error (one Status, at the end) · 4 resize ({"Width":80,"Height":24}) · 255 close (v5)
 *
 * @see k8s.io/apimachinery/pkg/util/remotecommand constants.go; k8s.io/kubernetes/pkg/kubelet cri/streaming/remotecommand
 */
import type { Status } from '../../base/status-error.ts';

const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const ERROR = 3;
const RESIZE = 4;
/** v5: the client has closed the channel whose number follows. */
const CLOSE = 255;

/** In order of preference. */
export const EXEC_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'] as const;
export type ExecProtocol = (typeof EXEC_PROTOCOLS)[number];

/** The first of ours that the client offers. */
export function chooseExecProtocol(offered: readonly string[]): ExecProtocol | undefined {
  return EXEC_PROTOCOLS.find((protocol) => offered.includes(protocol));
}

export type ClientMessage =
  | { is: 'stdin'; bytes: Uint8Array }
  | { is: 'stdinClosed' }
  | { is: 'resize'; columns: number; rows: number }
  /** Nothing that this protocol knows: ignored. */
  | { is: 'unknown' };

export function parseClientMessage(message: Uint8Array): ClientMessage {
  const [channel] = message;
  const bytes = message.subarray(1);
  if (channel === STDIN) return { is: 'stdin', bytes };
  if (channel === CLOSE) return bytes[0] === STDIN ? { is: 'stdinClosed' } : { is: 'unknown' };
  return channel === RESIZE ? parseResize(bytes) : { is: 'unknown' };
}

/** A terminal has at most so many columns and rows. */
const TERMINAL_MAX = 0xffff;

/** `{"Width":80,"Height":24}`; of anything else, nothing. */
export function parseResize(bytes: Uint8Array): ClientMessage {
  const match = /^\s*\{(?=.*"Width":\s*(\d{1,5}))(?=.*"Height":\s*(\d{1,5})).*\}\s*$/s.exec(
    new TextDecoder().decode(bytes),
  );
  const columns = Number(match?.[1] ?? 0);
  const rows = Number(match?.[2] ?? 0);
  const isSize = columns > 0 && rows > 0 && columns <= TERMINAL_MAX && rows <= TERMINAL_MAX;
  return isSize ? { is: 'resize', columns, rows } : { is: 'unknown' };
}

export function channelMessage(channel: number, bytes: Uint8Array): Uint8Array {
  const message = new Uint8Array(bytes.length + 1);
  message[0] = channel;
  message.set(bytes, 1);
  return message;
}

/** The Status that ends a command: Success, or Failure with the exit code as cause. */
export function exitStatus(exitCode: number): object {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** How the oldest protocol tells a Status: a failure by its message, and nothing else. */
export function plainStatus(status: object): string {
  return 'message' in status ? String(status.message) : '';
}

/** The Status for a command that could not be run. */
export function failureStatus(message: string): Partial<Status> {
  return { metadata: {}, status: 'Failure', reason: 'InternalError', message, code: 500 };
}
