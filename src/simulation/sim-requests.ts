/**
 * Requests to simulated containers: probes, and the traffic of simulated clients. A request takes the time that the
 * program's data says, longer under load; it ends with the container, and waits while the container hangs.
 */
import type { Clock } from '../base/clock.ts';
import { httpAnswer } from './program-answers.ts';
import type { AddressedNode } from './sim-addresses.ts';
import type { SimContainer } from './sim-container.ts';

export interface RequesterDeps {
  clock: Clock;
  /** Of a cluster: `(ip) => addresses.nodeOf(ip)`. */
  nodeOf: (ip: string) => AddressedNode | undefined;
}

export interface RequestTarget {
  ip: string;
  port: number;
  /** Default `/`. */
  path?: string;
}

/** `timeout` is also what becomes of a request to an address that nobody has, or whose machine is off or frozen. */
export type RequestOutcome = { tookMs: number } & (
  | { outcome: 'answered'; status: number; body: string; location: string | undefined; by: Answerer }
  | { outcome: 'reset'; by: Answerer }
  | { outcome: 'refused' }
  | { outcome: 'timeout'; by: Answerer | undefined }
);

export interface Answerer {
  containerId: string;
  podUid: string;
  podName: string;
  podNamespace: string;
}

export interface Patience {
  timeoutMs: number;
  signal: AbortSignal;
}

export class SimulatedRequester {
  readonly #deps: RequesterDeps;

  constructor(deps: RequesterDeps) {
    this.#deps = deps;
  }

  /** One GET on a connection of its own. Rejects only with `signal.reason`. */
  async request({ ip, path = '/', port }: RequestTarget, patience: Patience): Promise<RequestOutcome> {
    const { clock } = this.#deps;
    const beganMs = clock.monotonicMs();
    const listener = this.connect(ip, port);
    if (listener === 'refused') return { outcome: 'refused', tookMs: 0 };
    if (listener === 'unreachable') {
      await clock.sleep(patience.timeoutMs, patience.signal);
      return { outcome: 'timeout', tookMs: patience.timeoutMs, by: undefined };
    }
    const { container, port: own } = listener;
    const ask = (atMs: number) => httpAnswer(container.run, { port: own, path }, atMs);
    const went = await converse(clock, container, ask, patience);
    const tookMs = clock.monotonicMs() - beganMs;
    const by = answererOf(container);
    if (went === 'reset' || went === 'timeout') return { outcome: went, tookMs, by };
    const { body = '', location } = went.reply;
    return { outcome: 'answered', status: Number(went.status), body, location, tookMs, by };
  }

  /** Who accepts a connection there now. */
  connect(ip: string, port: number): { container: SimContainer; port: number } | 'refused' | 'unreachable' {
    const node = this.#deps.nodeOf(ip);
    if (node?.isReachable !== true) return 'unreachable';
    const listener = node.listener(ip, port);
    if (listener === undefined) return 'refused';
    return listener.container.requestsInFlight < IN_FLIGHT_MAX ? listener : 'unreachable';
  }
}

/** What a container's backlog holds; further connections find no room. */
const IN_FLIGHT_MAX = 10_000;

function answererOf({ id, sandbox: { pod } }: SimContainer): Answerer {
  return { containerId: id, podUid: pod.uid, podName: pod.name, podNamespace: pod.namespace };
}

interface Reply {
  status?: number | string;
  takesMs?: number;
}

interface Served<R> {
  reply: R;
  /** Its own, or that of a server above its capacity. */
  status: number | string;
}

/**
 * One request on an open connection.
 *
 * @param ask  what the program answers at a moment of its own time: asked when it gets to it
 */
export function converse<R extends Reply>(
  clock: Clock,
  container: SimContainer,
  ask: (atMs: number) => R,
  patience: Patience,
): Promise<Served<R> | 'reset' | 'timeout'> {
  if (patience.signal.aborted) return Promise.reject(patience.signal.reason);
  const excess = container.beginRequest();
  const decide = () => underLoad(container, ask(container.runningMs), excess);
  const now = container.isHeld ? undefined : decide();
  if (now === undefined || now.takesMs > 0 || now.status === 'hang')
    return new Promise((resolve, reject) => {
      waitFor({ clock, container, decide, patience, resolve, reject });
    });
  container.endRequest();
  return Promise.resolve(now.status === 'reset' ? 'reset' : now);
}

interface Decided<R> extends Served<R> {
  takesMs: number;
}

function underLoad<R extends Reply>({ run }: SimContainer, reply: R, excess: number): Decided<R> {
  const { status = 200, takesMs = 0 } = reply;
  const { capacity } = run;
  if (excess === 0 || capacity === undefined) return { reply, status, takesMs };
  const addedMs = (capacity.addsMs ?? 0) * excess;
  return { reply, status: capacity.status ?? status, takesMs: takesMs + addedMs };
}

interface Waiting<R> {
  clock: Clock;
  container: SimContainer;
  decide: () => Decided<R>;
  patience: Patience;
  resolve: (outcome: Served<R> | 'reset' | 'timeout') => void;
  reject: (reason: unknown) => void;
}

/** The server works on when its client has left, unless it never got to the request. */
function waitFor<R>({ clock, container, decide, patience, reject, resolve }: Waiting<R>): void {
  const { signal, timeoutMs } = patience;
  let isStuck = false;
  let forget = () => {};
  const leave = () => {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  };
  const giveUp = () => {
    leave();
    if (!isStuck && !container.isHeld) return;
    forget();
    container.endRequest();
  };
  const onAbort = () => {
    giveUp();
    reject(signal.reason);
  };
  const timer = clock.setTimer(timeoutMs, () => {
    giveUp();
    resolve('timeout');
  });
  signal.addEventListener('abort', onAbort);
  const abandon = () => {
    leave();
    resolve('reset');
  };
  const serve = () => {
    const decided = decide();
    isStuck = decided.status === 'hang';
    const run = () => {
      leave();
      container.endRequest();
      resolve(decided.status === 'reset' ? 'reset' : decided);
    };
    forget = container.after(isStuck ? Number.POSITIVE_INFINITY : decided.takesMs, { run, abandon });
  };
  if (container.isHeld) forget = container.after(0, { run: serve, abandon });
  else serve();
}
