/**
 * Probes of simulated containers, answered from their programs, with the words of `platform/kubelet-prober.ts`;
 * `kubelet/probes/prober.contract.ts` is the suite that both pass.
 */
import { formatGoDuration } from '../base/duration.ts';
import type { HttpProbeRequest, ProbeOutcome, Prober, SocketTarget } from '../kubelet/probes/prober.ts';
import { healthAnswer } from './program-answers.ts';
import { converse, type RequesterDeps, type RequestOutcome, SimulatedRequester } from './sim-requests.ts';

export interface SimulatedProberDeps extends RequesterDeps {
  /** What `localhost` is to who probes; default: an address that nobody has. */
  nodeIp?: string;
}

const REDIRECTS_MAX = 10;
const BODY_MAX_CHARACTERS = 10 * 1024;
const AWAITING_HEADERS = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

export function newSimulatedProber(deps: SimulatedProberDeps): Prober {
  return new SimulatedProber(deps);
}

class SimulatedProber implements Prober {
  readonly #deps: SimulatedProberDeps;
  readonly #requester: SimulatedRequester;

  constructor(deps: SimulatedProberDeps) {
    this.#deps = deps;
    this.#requester = new SimulatedRequester(deps);
  }

  async httpGet(request: HttpProbeRequest, timeoutMs: number, signal: AbortSignal): Promise<ProbeOutcome> {
    const { clock } = this.#deps;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const first = new URL(`${request.scheme}://${bracketed(request.host)}:${request.port}${request.path}`);
    let url = first;
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const ip = this.#resolve(url.hostname);
      if (ip === undefined) return getFailure(first, `dial tcp: lookup ${url.hostname}: no such host`);
      const port = Number(portOf(url));
      const target = { ip, port, path: url.pathname + url.search };
      const patience = { timeoutMs: deadlineMs - clock.monotonicMs(), signal };
      const went = await this.#requester.request(target, patience);
      const location = redirectOf(went);
      if (location === undefined) return httpOutcome(first, went, `${url.hostname}:${port}`);
      const next = new URL(location, url.href);
      if (next.hostname !== first.hostname) return leavesHost(went);
      url = next;
    }
    return getFailure(first, `stopped after ${REDIRECTS_MAX} redirects`);
  }

  async tcpSocket(
    { host, port }: SocketTarget,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ProbeOutcome> {
    signal.throwIfAborted();
    const address = `${bracketed(host)}:${port}`;
    const ip = this.#resolve(host);
    if (ip === undefined) return failure(`dial tcp: lookup ${host}: no such host`);
    const listener = this.#requester.connect(ip, port);
    if (listener === 'refused') return failure(refused(address));
    if (listener !== 'unreachable') return { result: 'success', output: '' };
    await this.#deps.clock.sleep(timeoutMs, signal);
    return failure(`dial tcp ${address}: i/o timeout`);
  }

  async grpc(
    { host, port, service }: SocketTarget & { service: string },
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ProbeOutcome> {
    const { clock } = this.#deps;
    const address = `${bracketed(host)}:${port}`;
    const waited = formatGoDuration(timeoutMs);
    const ip = this.#resolve(host);
    const listener = ip === undefined ? 'refused' : this.#requester.connect(ip, port);
    if (listener === 'refused')
      return failure(`error: failed to connect service at "${address}": ${refused(address)}`);
    if (listener === 'unreachable') {
      await clock.sleep(timeoutMs, signal);
      return failure(
        `timeout: failed to connect service "${address}" within ${waited}: context deadline exceeded`,
      );
    }
    const { container, port: own } = listener;
    const ask = (atMs: number) => healthAnswer(container.run, { port: own, service }, atMs);
    const went = await converse(clock, container, ask, { timeoutMs, signal });
    if (went === 'timeout') return failure(`timeout: health rpc did not complete within ${waited}`);
    return healthOutcome(went === 'reset' ? 'reset' : went.status);
  }

  /** The address that a host's name stands for; `undefined` for a name that is none. */
  #resolve(host: string): string | undefined {
    const { nodeIp } = this.#deps;
    if (host === 'localhost' || host.startsWith('127.')) return nodeIp ?? host;
    return /^[\d.]+$|:/.test(host) ? host : undefined;
  }
}

function redirectOf(went: RequestOutcome): string | undefined {
  if (went.outcome !== 'answered') return undefined;
  return went.status >= 300 && went.status < 400 ? went.location : undefined;
}

function leavesHost(went: RequestOutcome): ProbeOutcome {
  const { body, status } = went.outcome === 'answered' ? went : { body: '', status: 0 };
  return {
    result: 'warning',
    output: `Probe terminated redirects, Response body: ${body}`,
    statusCode: status,
  };
}

function httpOutcome(url: URL, went: RequestOutcome, address: string): ProbeOutcome {
  if (went.outcome === 'refused') return getFailure(url, refused(address));
  if (went.outcome === 'reset') return getFailure(url, 'EOF');
  if (went.outcome === 'timeout') return getFailure(url, AWAITING_HEADERS);
  const { body, status: statusCode } = went;
  if (statusCode >= 200 && statusCode < 400)
    return { result: 'success', output: body.slice(0, BODY_MAX_CHARACTERS), statusCode };
  return { ...failure(`HTTP probe failed with statuscode: ${statusCode}`), statusCode };
}

function healthOutcome(status: number | string): ProbeOutcome {
  if (status === 'SERVING') return { result: 'success', output: 'service healthy' };
  if (status === 'UNIMPLEMENTED')
    return failure(
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health',
    );
  if (status === 'reset') return rpcFailure('Unavailable', 'error reading from server: EOF');
  if (typeof status === 'number')
    return rpcFailure('Unavailable', `unexpected HTTP status code received from server: ${status}`);
  return failure(`service unhealthy (responded with "${status}")`);
}

function rpcFailure(code: string, description: string): ProbeOutcome {
  return failure(`error: health rpc probe failed: rpc error: code = ${code} desc = ${description}`);
}

function getFailure(url: URL, reason: string): ProbeOutcome {
  return failure(
    `Get "${url.protocol}//${url.hostname}:${portOf(url)}${url.pathname}${url.search}": ${reason}`,
  );
}

function failure(output: string): ProbeOutcome {
  return { result: 'failure', output };
}

function refused(address: string): string {
  return `dial tcp ${address}: connect: connection refused`;
}

/** The `URL` class drops a default one. */
function portOf({ port, protocol }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80');
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
