/**
 * A connection from a simulated process to the simulated API server: a Transport whose messages travel the network, whose
 * server may die under them, and whose client may die while it waits.
 */
import type { ApiRequest, ApiResponse, Peer, Transport, UserInfo, WatchFrame } from '../../api/message.ts';
import { onAbort } from '../../base/abort.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { type Deferred, newDeferred } from '../../base/deferred.ts';
import { StatusError } from '../../base/status-error.ts';
import { FrameStream } from './frame-stream.ts';
import type { Life } from './life.ts';
import { type Link, SILENCE_MAX_MS, type SimulatedNetwork } from './sim-network.ts';
import type { StreamObserver, WatchObserver } from './watch-observer.ts';
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
  /** Who is to be told of requests; `undefined` while nobody is. */
  observer(): ((event: { kind: 'request' } & RequestDone) => void) | undefined;
  /** Asked once for each watch. */
  watchObserver(): WatchObserver | undefined;
}

export function newSimulatedTransport(options: SimulatedTransportOptions): Transport {
  const { life } = options;
  const way = new Way(options);
  return {
    send: (request, signal) =>
      life.step() ? new Exchange(way, request, signal).answer() : new Promise(() => {}),
  };
}

/** What a connection holds of a watch that is slow or not read; the rest waits in the server, as behind a full window. */
const WINDOW_BATCHES = 16;

const NOTHING = () => {};

const REPEATABLE = new Set<ApiRequest['method']>(['GET', 'PUT', 'PATCH', 'DELETE']);

/** Between one client and the server, both directions. Hears for all exchanges on it what would end them. */
class Way {
  readonly options: SimulatedTransportOptions;
  readonly there: Link;
  readonly back: Link;
  readonly #open = new Set<Exchange>();
  /** The last that something arrived at. */
  #listener: ServerListener | undefined;
  /** Of an exchange that is over, and whose handler has finished: heard by nobody, and never aborted. */
  #spare: AbortController | undefined;

  constructor(options: SimulatedTransportOptions) {
    const { life, network, party, server } = options;
    this.options = options;
    this.there = network.link(party, server.party);
    this.back = network.link(server.party, party);
    const forget = network.onChange(() => {
      for (const exchange of this.#open) exchange.linkChanged();
    });
    life.onEnd(() => {
      forget();
      for (const exchange of this.#open) exchange.clientGone();
    });
  }

  begun(exchange: Exchange): void {
    this.#open.add(exchange);
  }

  over(exchange: Exchange): void {
    this.#open.delete(exchange);
  }

  arrivedAt(listener: ServerListener): void {
    if (this.#listener === listener) return;
    this.#listener = listener;
    listener.life.onEnd(() => {
      for (const exchange of this.#open) exchange.listenerGone(listener);
    });
  }

  newConnection(): AbortController {
    const connection = this.#spare ?? new AbortController();
    this.#spare = undefined;
    return connection;
  }

  spare(connection: AbortController): void {
    this.#spare = connection;
  }
}

/** What is heard of a connection whose client has gone. One for all: nobody asks where it was made. */
const ENDED = new Error('the connection has ended');

/** One request and its answer, up to the end of its stream. */
class Exchange {
  readonly #way: Way;
  readonly #request: ApiRequest;
  readonly #signal: AbortSignal;
  readonly #sentMs: number;
  readonly #answer = newDeferred<ApiResponse>();
  /** As the server hears of it: aborted when the client has gone while something was still asked of the server. */
  readonly #connection: AbortController;
  /** Takes back what waits for the client's signal. */
  #deafen = NOTHING;
  /** Forgets the message that travels. */
  #forget = NOTHING;
  #listener: ServerListener | undefined;
  #isRepeated = false;
  #isSettled = false;
  #isOver = false;
  #frames: FrameStream | undefined;
  #heard: StreamObserver | undefined;
  #silence: Timer | undefined;
  /** What happens as the batches arrive that have left the server, in the order in which they left. */
  readonly #onTheWay: (() => void)[] = [];
  /** How what is due to arrive is called back. */
  #pending: Set<() => void> | undefined;
  #newRoom: Deferred<void> | undefined;

  constructor(way: Way, request: ApiRequest, signal: AbortSignal) {
    this.#way = way;
    this.#connection = way.newConnection();
    const { user } = way.options;
    this.#request = user === undefined ? request : { ...request, peer: { kind: 'internal', user } };
    this.#signal = signal;
    this.#sentMs = way.options.clock.now();
  }

  answer(): Promise<ApiResponse> {
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    this.#deafen = onAbort(this.#signal, () => this.#fail(this.#signal.reason));
    this.#way.begun(this);
    this.linkChanged();
    this.#carry(this.#way.there, () => this.#arrived());
    return this.#answer.promise;
  }

  clientGone(): void {
    this.#fail(new Error('the client is gone'));
  }

  listenerGone(listener: ServerListener): void {
    if (this.#listener === listener) this.#fail(unavailable('the connection was reset'));
  }

  #carry(link: Link, arrived: () => void): void {
    const forget = this.#way.options.network.carry(link, arrived);
    if (!this.#isOver) this.#forget = forget;
  }

  /** At the server's machine. */
  #arrived(): void {
    const { there } = this.#way;
    const { network, server } = this.#way.options;
    const { listener } = server;
    if (listener === undefined || listener.life.hasEnded) {
      this.#fail(unavailable('connection refused'));
      return;
    }
    this.#way.arrivedAt(listener);
    this.#listener = listener;
    const { resetChance, duplicateChance } = there.conditions;
    if (network.happens(resetChance)) {
      this.#fail(unavailable('the connection was reset'));
      return;
    }
    this.#isRepeated = REPEATABLE.has(this.#request.method) && network.happens(duplicateChance);
    listener.life.enter(() => {
      if (this.#isRepeated) void this.#execute(listener);
      void this.#execute(listener).then((response) => {
        if (response !== undefined && !this.#isOver) this.#sendAnswer(response);
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
    const { back } = this.#way;
    if (this.#way.options.network.happens(back.conditions.resetChance)) {
      this.#fail(unavailable('the connection was reset before the answer'));
      return;
    }
    this.#carry(back, () => this.#answered(response));
  }

  #answered(response: ApiResponse): void {
    const { options } = this.#way;
    const { life, process } = options;
    const { body } = response;
    if (body.kind !== 'watch') {
      this.#end();
      if (body.kind === 'object' && !this.#isRepeated) this.#way.spare(this.#connection);
      this.#settle((answer) => answer.resolve(response));
      return;
    }
    const frames = new FrameStream(life, {
      onRead: () => this.#tellRoom(),
      onReturn: () => this.#hangUp(),
    });
    this.#frames = frames;
    this.#heard = options.watchObserver()?.({ process, request: this.#request });
    void this.#pump(body.frames, frames);
    this.#settle((answer) => answer.resolve({ ...response, body: { kind: 'watch', frames } }));
  }

  /** The client hears how its request went, once. */
  #settle(how: (answer: Deferred<ApiResponse>) => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#way.options.life.hear(() => how(this.#answer));
  }

  /** Frames leave the server in order and arrive in order, each at its own time. */
  async #pump(sent: AsyncIterable<readonly WatchFrame[]>, frames: FrameStream): Promise<void> {
    const { back } = this.#way;
    const { network, clock } = this.#way.options;
    let lastMs = 0;
    try {
      for await (const batch of sent) {
        const lagMs = network.latencyMs(back) + back.conditions.watchLagMs;
        lastMs = Math.max(lastMs, clock.monotonicMs() + lagMs);
        this.#whenPassable(lastMs, () => {
          this.#heard?.delivered(batch);
          frames.push(batch);
        });
        while (this.#onTheWay.length + frames.waiting >= WINDOW_BATCHES && !this.#isOver) await this.#room();
      }
      this.#whenPassable(lastMs, () => {
        this.#tellEnd('server');
        frames.finish();
      });
    } catch (error) {
      if (!this.#isOver) this.#fail(error);
    }
  }

  #room(): Promise<void> {
    this.#newRoom = newDeferred();
    return this.#newRoom.promise;
  }

  #tellRoom(): void {
    this.#newRoom?.resolve();
    this.#newRoom = undefined;
  }

  /** Calls `deliver` at `dueMs`, or when the way is open again: at once if nothing sent before is still on its way. */
  #whenPassable(dueMs: number, deliver: () => void): void {
    const { back } = this.#way;
    const { network, clock } = this.#way.options;
    if (this.#onTheWay.length === 0 && dueMs <= clock.monotonicMs() && !back.conditions.isCut) {
      deliver();
      return;
    }
    if (this.#isOver) return;
    this.#onTheWay.push(deliver);
    this.#pending ??= new Set();
    const pending = this.#pending;
    const arrive = () => {
      pending.delete(stop);
      if (!back.conditions.isCut) {
        // Not its own: timers of the same moment may differ by what sums of fractions round to.
        this.#onTheWay.shift()?.();
        this.#tellRoom();
        return;
      }
      stop = network.onChange(() => {
        stop();
        arrive();
      });
      pending.add(stop);
    };
    const timer = clock.setTimer(Math.max(0, dueMs - clock.monotonicMs()), arrive);
    let stop = () => timer.cancel();
    pending.add(stop);
  }

  /** The client's pings: without a way there and back for long enough, the connection is taken for dead. */
  linkChanged(): void {
    const { there, back } = this.#way;
    const { clock } = this.#way.options;
    const isSilent = there.conditions.isCut || back.conditions.isCut;
    if (!isSilent) {
      this.#silence?.cancel();
      this.#silence = undefined;
      return;
    }
    this.#silence ??= clock.setTimer(SILENCE_MAX_MS, () => this.#fail(unavailable('no answer to a ping')));
  }

  #observe(response: ApiResponse): void {
    const { options } = this.#way;
    const observer = options.observer();
    if (observer === undefined) return;
    const { process } = options;
    const { method, path, query, peer } = this.#request;
    const user = nameOf(peer);
    const asked = query.toString();
    const text = asked === '' ? path : `${path}?${asked}`;
    const { body, status } = response;
    const answer = body.kind === 'object' ? body.value : undefined;
    observer({ kind: 'request', process, user, sentMs: this.#sentMs, method, path: text, status, answer });
  }

  #fail(error: unknown): void {
    const { life } = this.#way.options;
    this.#tellEnd(this.#signal.aborted || life.hasEnded ? 'client' : 'failure');
    this.#settle((answer) => answer.reject(error));
    this.#frames?.fail(error);
    this.#hangUp();
  }

  /** The server is told that nobody listens any more. */
  #hangUp(): void {
    if (!this.#isOver) this.#connection.abort(ENDED);
    this.#end();
  }

  #tellEnd(by: Parameters<StreamObserver['ended']>[0]): void {
    this.#heard?.ended(by);
    this.#heard = undefined;
  }

  #end(): void {
    this.#isOver = true;
    this.#tellRoom();
    this.#tellEnd('client');
    this.#silence?.cancel();
    this.#way.over(this);
    this.#deafen();
    this.#forget();
    if (this.#pending === undefined) return;
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
