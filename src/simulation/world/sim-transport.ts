/**
 * A connection from a simulated process to the simulated API server: a Transport whose messages travel the network, whose
 * server may die under them, and whose client may die while it waits.
 */
import type { ApiRequest, ApiResponse, Peer, Transport, UserInfo, WatchFrame } from '../../api/message.ts';
import type { Clock } from '../../base/clock.ts';
import { newDeferred } from '../../base/deferred.ts';
import { StatusError } from '../../base/status-error.ts';
import { FrameBuffer } from './frame-buffer.ts';
import type { Life } from './life.ts';
import { SILENCE_MAX_MS, type SimulatedNetwork } from './sim-network.ts';
import type { RequestDone } from './world-event.ts';

/** The API server as its clients reach it. */
export interface ServerEndpoint {
  /** Where it runs. */
  readonly party: string;
  /** `undefined` while no process listens. Each life of the server has a listener of its own. */
  readonly listener: ServerListener | undefined;
}

export interface ServerListener {
  readonly life: Life;
  handle(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
  /** A handler threw what no handler may throw. */
  broke(error: unknown): void;
}

export interface SimulatedClient {
  /** Where it runs. */
  party: string;
  /** Its process's name, and that process's life. */
  process: string;
  life: Life;
  /** Absent: whoever each request itself proves to come from. */
  user?: UserInfo;
}

export interface SimulatedTransportOptions extends SimulatedClient {
  network: SimulatedNetwork;
  /** True time, for what the network itself measures. */
  clock: Clock;
  server: ServerEndpoint;
  observe: (event: { kind: 'request' } & RequestDone) => void;
}

export function newSimulatedTransport(options: SimulatedTransportOptions): Transport {
  return {
    send: (request, signal) => options.life.call(() => new Exchange(options, request, signal).run()),
  };
}

const REPEATABLE = new Set<ApiRequest['method']>(['GET', 'PUT', 'PATCH', 'DELETE']);

/** One request and its answer, up to the end of its stream. */
class Exchange {
  readonly #options: SimulatedTransportOptions;
  readonly #request: ApiRequest;
  readonly #signal: AbortSignal;
  readonly #sentMs: number;
  readonly #answer = newDeferred<ApiResponse>();
  readonly #connection = new AbortController();
  readonly #cleanUp: (() => void)[] = [];
  #frames: FrameBuffer | undefined;
  #silence: (() => void) | undefined;
  /** Batches that have left the server and not arrived, and how each is called back. */
  #onTheWay = 0;
  readonly #pending = new Set<() => void>();

  constructor(options: SimulatedTransportOptions, request: ApiRequest, signal: AbortSignal) {
    this.#options = options;
    const { user } = options;
    this.#request = user === undefined ? request : { ...request, peer: { kind: 'internal', user } };
    this.#signal = signal;
    this.#sentMs = options.clock.now();
  }

  run(): Promise<ApiResponse> {
    const { network, party, server, life } = this.#options;
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    const onAbort = () => this.#fail(this.#signal.reason);
    this.#signal.addEventListener('abort', onAbort);
    this.#cleanUp.push(
      () => this.#signal.removeEventListener('abort', onAbort),
      life.onEnd(() => this.#fail(new Error('the client is gone'))),
      network.onChange(() => this.#watchForSilence()),
    );
    this.#watchForSilence();
    this.#cleanUp.push(network.carry(party, server.party, () => this.#arrived()));
    return this.#answer.promise;
  }

  /** At the server's machine. */
  #arrived(): void {
    const { network, party, server } = this.#options;
    const { listener } = server;
    if (listener === undefined || listener.life.hasEnded) {
      this.#fail(unavailable('connection refused'));
      return;
    }
    this.#cleanUp.push(listener.life.onEnd(() => this.#fail(unavailable('the connection was reset'))));
    const { resetChance, duplicateChance } = network.conditions(party, server.party);
    if (network.happens(resetChance)) {
      this.#fail(unavailable('the connection was reset'));
      return;
    }
    const isRepeated = REPEATABLE.has(this.#request.method) && network.happens(duplicateChance);
    listener.life.enter(() => {
      if (isRepeated) void this.#execute(listener);
      void this.#execute(listener).then((response) => {
        if (response !== undefined && !this.#connection.signal.aborted) this.#sendAnswer(response);
      });
    });
  }

  async #execute(listener: ServerListener): Promise<ApiResponse | undefined> {
    try {
      const response = await listener.handle(this.#request, this.#connection.signal);
      if (listener.life.hasEnded) return undefined;
      this.#observe(response);
      return response;
    } catch (error) {
      if (!this.#connection.signal.aborted) listener.broke(error);
      return undefined;
    }
  }

  #sendAnswer(response: ApiResponse): void {
    const { network, party, server } = this.#options;
    if (network.happens(network.conditions(server.party, party).resetChance)) {
      this.#fail(unavailable('the connection was reset before the answer'));
      return;
    }
    this.#cleanUp.push(network.carry(server.party, party, () => this.#answered(response)));
  }

  #answered(response: ApiResponse): void {
    if (response.body.kind !== 'watch') {
      this.#answer.resolve(response);
      this.#end();
      return;
    }
    this.#frames = new FrameBuffer(() => this.#end());
    void this.#pump(response.body.frames);
    const { life } = this.#options;
    const frames = life.read<readonly WatchFrame[]>(() => this.#frames!, this.#connection.signal);
    this.#answer.resolve({ ...response, body: { kind: 'watch', frames } });
  }

  /** Frames leave the server in order and arrive in order, each at its own time. */
  async #pump(frames: AsyncIterable<readonly WatchFrame[]>): Promise<void> {
    const { network, party, server, clock } = this.#options;
    let lastMs = 0;
    try {
      for await (const batch of frames) {
        const lagMs =
          network.latencyMs(server.party, party) + network.conditions(server.party, party).watchLagMs;
        const dueMs = Math.max(lastMs, clock.monotonicMs() + lagMs);
        lastMs = dueMs;
        this.#whenPassable(dueMs, () => this.#frames?.push(batch));
      }
      this.#whenPassable(lastMs, () => this.#frames?.finish());
    } catch (error) {
      if (!this.#connection.signal.aborted) this.#fail(error);
    }
  }

  /** Calls `deliver` at `dueMs`, or when the way is open again: at once if nothing sent before is still on its way. */
  #whenPassable(dueMs: number, deliver: () => void): void {
    const { network, party, server, clock } = this.#options;
    const isCut = () => network.conditions(server.party, party).isCut;
    if (this.#onTheWay === 0 && dueMs <= clock.monotonicMs() && !isCut()) {
      deliver();
      return;
    }
    if (this.#connection.signal.aborted) return;
    this.#onTheWay++;
    const arrive = () => {
      this.#pending.delete(stop);
      if (!isCut()) {
        this.#onTheWay--;
        deliver();
        return;
      }
      stop = network.onChange(() => {
        stop();
        arrive();
      });
      this.#pending.add(stop);
    };
    const timer = clock.setTimer(Math.max(0, dueMs - clock.monotonicMs()), arrive);
    let stop = () => timer.cancel();
    this.#pending.add(stop);
  }

  /** The client's pings: without a way there and back for long enough, the connection is taken for dead. */
  #watchForSilence(): void {
    const { network, party, server, clock } = this.#options;
    const isSilent =
      network.conditions(party, server.party).isCut || network.conditions(server.party, party).isCut;
    if (!isSilent) {
      this.#silence?.();
      this.#silence = undefined;
      return;
    }
    if (this.#silence !== undefined) return;
    const timer = clock.setTimer(SILENCE_MAX_MS, () => this.#fail(unavailable('no answer to a ping')));
    this.#silence = () => timer.cancel();
  }

  #observe(response: ApiResponse): void {
    const { process, observe } = this.#options;
    const { method, path, query, peer } = this.#request;
    const user = nameOf(peer);
    const asked = query.toString();
    const text = asked === '' ? path : `${path}?${asked}`;
    const { body, status } = response;
    const answer = body.kind === 'object' ? body.value : undefined;
    observe({ kind: 'request', process, user, sentMs: this.#sentMs, method, path: text, status, answer });
  }

  #fail(error: unknown): void {
    this.#answer.reject(error);
    this.#frames?.fail(error);
    this.#end();
  }

  #end(): void {
    this.#silence?.();
    if (!this.#connection.signal.aborted) this.#connection.abort(new Error('the connection has ended'));
    for (const clean of this.#cleanUp.splice(0)) clean();
    for (const stop of this.#pending) stop();
    this.#pending.clear();
  }
}

/** As the connection proves it; who speaks by a token is known to the server alone. */
function nameOf(peer: Peer): string {
  return peer.kind === 'internal' ? peer.user.username : (peer.certificate?.commonName ?? peer.address);
}

function unavailable(message: string): StatusError {
  return new StatusError('ServiceUnavailable', message);
}
