/** One probe of one container: what to ask, from the manifest; how, through {@link Prober} or the runtime. */

import type { Container, HTTPGetAction, Probe } from '../../api/generated/core-v1.ts';
import { formatGoDuration } from '../../base/duration.ts';
import { type ContainerRuntime, RuntimeError } from '../../container-runtime/runtime.ts';
import type { HttpProbeRequest, ProbeOutcome, Prober } from './prober.ts';

export interface ProbeDeps {
  prober: Prober;
  runtime: ContainerRuntime;
}

export interface ProbeSubject {
  container: Container;
  containerId: string;
  podIp: string;
}

/** Output that an Event carries at most. @see kubelet maxRespBodyLength */
const OUTPUT_MAX_CHARACTERS = 10 * 1024;

/** Runs `probe` once. @throws when it could not even be tried: an unknown port name, a runtime that does not answer */
export function runProbe(
  deps: ProbeDeps,
  subject: ProbeSubject,
  probe: Probe,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const { container, podIp } = subject;
  if (probe.exec !== undefined) return runExec(deps, subject, probe, signal);
  if (probe.httpGet !== undefined) {
    return deps.prober.httpGet(toHttpRequest(probe.httpGet, container, podIp), timeoutMs, signal);
  }
  if (probe.tcpSocket !== undefined) {
    const { host, port } = probe.tcpSocket;
    return deps.prober.tcpSocket(
      { host: host || podIp, port: resolvePort(port, container) },
      timeoutMs,
      signal,
    );
  }
  if (probe.grpc !== undefined) {
    const { port, service = '' } = probe.grpc;
    return deps.prober.grpc({ host: podIp, port, service }, timeoutMs, signal);
  }
  return Promise.reject(new Error(`missing probe handler for container ${container.name}`));
}

/** What `action` asks for, with the Pod's address and the container's port names filled in. */
export function toHttpRequest(action: HTTPGetAction, container: Container, podIp: string): HttpProbeRequest {
  const path = action.path ?? '/';
  return {
    scheme: action.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    host: action.host || podIp,
    port: resolvePort(action.port, container),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: action.httpHeaders ?? [],
  };
}

/** A port's number; names are those of the container's ports. @throws for a name that it does not have */
function resolvePort(port: number | string, container: Container): number {
  const number = typeof port === 'number' ? port : (namedPort(port, container) ?? Number(port));
  if (Number.isInteger(number) && number > 0 && number < 65536) return number;
  throw new Error(`invalid port number: ${port}`);
}

function namedPort(name: string, container: Container): number | undefined {
  return container.ports?.find((port) => port.name === name)?.containerPort;
}

async function runExec(
  { runtime }: ProbeDeps,
  { containerId }: ProbeSubject,
  probe: Probe,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const command = probe.exec!.command ?? [];
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  return runtime.execSync(containerId, command, timeoutMs, signal).then(
    ({ exitCode, stdout, stderr }) => {
      const decoder = new TextDecoder();
      const output = (decoder.decode(stdout) + decoder.decode(stderr)).slice(0, OUTPUT_MAX_CHARACTERS);
      return { result: exitCode === 0 ? 'success' : 'failure', output };
    },
    (error: unknown): ProbeOutcome => {
      if (!(error instanceof RuntimeError) || error.reason === 'Unavailable') throw error;
      if (error.reason !== 'DeadlineExceeded') return { result: 'failure', output: error.message };
      const text = `command timed out: "${command.join(' ')}" timed out after ${formatGoDuration(timeoutMs)}`;
      return { result: 'failure', output: text };
    },
  );
}
