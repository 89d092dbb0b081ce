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
  const { life, network, party, server } = options;
  const way: Way = {
    ...options,
    there: network.link(party, server.party),
    back: network.link(server.party, party),
  };
  return { send: (request, signal) => life.call(() => new Exchange(way, request, signal).answer()) };
}

/** What a connection holds of a watch that is slow or not read; the rest waits in the server, as behind a full window. */
const WINDOW_BATCHES = 16;

const REPEATABLE = new Set<ApiRequest['method']>(['GET', 'PUT', 'PATCH', 'DELETE']);

/** Between one client and the server, both directions. */
interface Way extends SimulatedTransportOptions {
  readonly there: Link;
  readonly back: Link;
}

/** One request and its answer, up to the end of its stream. */
class Exchange {
  readonly #way: Way;
  readonly #request: ApiRequest;
  readonly #signal: AbortSignal;
  readonly #sentMs: number;
  readonly #answer = newDeferred<ApiResponse>();
  /** As the server hears of it: aborted when the client has gone while something was still asked of the server. */
  readonly #connection = new AbortController();
  readonly #cleanUp: (() => void)[] = [];
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
    const { user } = way;
    this.#request = user === undefined ? request : { ...request, peer: { kind: 'internal', user } };
    this.#signal = signal;
    this.#sentMs = way.clock.now();
  }

  answer(): Promise<ApiResponse> {
    const { network, life, there } = this.#way;
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    this.#cleanUp.push(
      onAbort(this.#signal, () => this.#fail(this.#signal.reason)),
      life.onEnd(() => this.#fail(new Error('the client is gone'))),
      network.onChange(() => this.#watchForSilence()),
    );
    this.#watchForSilence();
    this.#untilOver(network.carry(there, () => this.#arrived()));
    return this.#answer.promise;
  }

  /** At the server's machine. */
  #arrived(): void {
    const { network, server, there } = this.#way;
    const { listener } = server;
    if (listener === undefined || listener.life.hasEnded) {
      this.#fail(unavailable('connection refused'));
      return;
    }
    this.#cleanUp.push(listener.life.onEnd(() => this.#fail(unavailable('the connection was reset'))));
    const { resetChance, duplicateChance } = there.conditions;
    if (network.happens(resetChance)) {
      this.#fail(unavailable('the connection was reset'));
      return;
    }
    const isRepeated = REPEATABLE.has(this.#request.method) && network.happens(duplicateChance);
    listener.life.enter(() => {
      if (isRepeated) void this.#execute(listener);
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
    const { network, back } = this.#way;
    if (network.happens(back.conditions.resetChance)) {
      this.#fail(unavailable('the connection was reset before the answer'));
      return;
    }
    this.#untilOver(network.carry(back, () => this.#answered(response)));
  }

  #answered(response: ApiResponse): void {
    if (response.body.kind !== 'watch') {
      this.#answer.resolve(response);
      this.#end();
      return;
    }
    const frames = new FrameStream(this.#way.life, {
      onRead: () => this.#tellRoom(),
      onReturn: () => this.#hangUp(),
    });
    this.#frames = frames;
    this.#heard = this.#way.watchObserver()?.({ process: this.#way.process, request: this.#request });
    void this.#pump(response.body.frames, frames);
    this.#answer.resolve({ ...response, body: { kind: 'watch', frames } });
  }

  /** Frames leave the server in order and arrive in order, each at its own time. */
  async #pump(sent: AsyncIterable<readonly WatchFrame[]>, frames: FrameStream): Promise<void> {
    const { network, back, clock } = this.#way;
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
    const { network, back, clock } = this.#way;
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
  #watchForSilence(): void {
    const { there, back, clock } = this.#way;
    const isSilent = there.conditions.isCut || back.conditions.isCut;
    if (!isSilent) {
      this.#silence?.cancel();
      this.#silence = undefined;
      return;
    }
    this.#silence ??= clock.setTimer(SILENCE_MAX_MS, () => this.#fail(unavailable('no answer to a ping')));
  }

  #observe(response: ApiResponse): void {
    const observer = this.#way.observer();
    if (observer === undefined) return;
    const { process } = this.#way;
    const { method, path, query, peer } = this.#request;
    const user = nameOf(peer);
    const asked = query.toString();
    const text = asked === '' ? path : `${path}?${asked}`;
    const { body, status } = response;
    const answer = body.kind === 'object' ? body.value : undefined;
    observer({ kind: 'request', process, user, sentMs: this.#sentMs, method, path: text, status, answer });
  }

  #fail(error: unknown): void {
    this.#tellEnd(this.#signal.aborted || this.#way.life.hasEnded ? 'client' : 'failure');
    this.#answer.reject(error);
    this.#frames?.fail(error);
    this.#hangUp();
  }

  /** The server is told that nobody listens any more. */
  #hangUp(): void {
    if (!this.#isOver) this.#connection.abort(new Error('the connection has ended'));
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
    for (const clean of this.#cleanUp) clean();
    this.#cleanUp.length = 0;
    if (this.#pending === undefined) return;
    for (const stop of this.#pending) stop();
    this.#pending.clear();
  }

  #untilOver(forget: () => void): void {
    if (!this.#isOver) this.#cleanUp.push(forget);
  }
}

/** As the connection proves it; who speaks by a token is known to the server alone. */
function nameOf(peer: Peer): string {
  return peer.kind === 'internal' ? peer.user.username : (peer.certificate?.commonName ?? peer.address);
}

function unavailable(message: string): StatusError {
  return new StatusError('ServiceUnavailable', message);
}
