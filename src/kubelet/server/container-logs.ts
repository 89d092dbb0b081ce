/** A container's log as bytes, with the options of `kubectl logs`. @see k8s.io/kubernetes/pkg/kubelet kuberuntime/logs */
import { parseTimestamp } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ContainerRuntime, ReadLogOptions } from '../../container-runtime/runtime.ts';

export interface LogOptions extends ReadLogOptions {
  timestamps: boolean;
  previous: boolean;
  limitBytes?: number;
  stream: 'All' | 'Stdout' | 'Stderr';
}

/** @throws StatusError BadRequest */
export function parseLogOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const tailLines = numberOf(query, 'tailLines');
  const limitBytes = numberOf(query, 'limitBytes');
  const sinceSeconds = numberOf(query, 'sinceSeconds');
  const sinceTime = query.get('sinceTime');
  const sinceMs = sinceSeconds === undefined ? timeOf(sinceTime) : nowMs - sinceSeconds * 1000;
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    stream: streamOf(query.get('stream')),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}

export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new StatusError('BadRequest', `invalid value for ${name}: "${text}"`);
  return Number(text);
}

function timeOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const ms = parseTimestamp(text);
  if (Number.isNaN(ms)) throw new StatusError('BadRequest', `invalid value for sinceTime: "${text}"`);
  return ms;
}

function streamOf(text: string | null): LogOptions['stream'] {
  return text === 'Stdout' || text === 'Stderr' ? text : 'All';
}

/** The lines, each with its time in front when asked for, and no more than `limitBytes`. */
export async function* logBytes(
  runtime: ContainerRuntime,
  containerId: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const encoder = new TextEncoder();
  let left = options.limitBytes ?? Infinity;
  // A line that was split is continued without a second timestamp.
  let isNewLine = true;
  for await (const record of runtime.readLog(containerId, options, signal)) {
    if (options.stream !== 'All' && record.stream !== options.stream.toLowerCase()) continue;
    const prefix =
      options.timestamps && isNewLine ? encoder.encode(`${record.timestamp} `) : new Uint8Array();
    isNewLine = record.line.at(-1) === 0x0a;
    for (const bytes of [prefix, record.line]) {
      if (bytes.length > 0) yield bytes.subarray(0, left);
      left -= bytes.length;
      if (left <= 0) return;
    }
  }
}
