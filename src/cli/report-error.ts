/** Turns any failure into one line for standard error and an exit code. */
import { StatusError } from '../base/status-error.ts';
import { UsageError } from './usage-error.ts';

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

/** One line, without its line feed: what, where, and what to do where that is known. */
export function errorLine(error: unknown): string {
  if (error instanceof StatusError) return statusLine(error);
  const message = error instanceof Error ? error.message : String(error);
  return oneLine(message);
}

/** Upstream's form for what the server says; what never reached it is said plainly. */
function statusLine(error: StatusError): string {
  const message = oneLine(error.message);
  if (error.reason === 'ServiceUnavailable' && error.cause !== undefined) {
    return `${message}; is the cluster running? \`kintsugi up\` starts it`;
  }
  return error.reason === 'Unknown' || error.reason === 'BadRequest'
    ? `Error from server: ${message}`
    : `Error from server (${error.reason}): ${message}`;
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ').trim();
}
