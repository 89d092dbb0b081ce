/**
 * What `kubectl get pods --watch` prints of a namespace, row by row, with the time of each: the view in which scenarios
 * wait and count. When its server is killed, kubectl ends, and a new one goes on.
 */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Followed } from './cluster.ts';

/** The columns of `kubectl get pods -o wide`. */
export interface PodRow {
  name: string;
  isReady: boolean;
  /** `0/1`. */
  ready: string;
  status: string;
  restarts: number;
  ip: string;
  node: string;
}

export interface PodChange {
  atMs: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  row: PodRow;
}

const ROW =
  /^(ADDED|MODIFIED|DELETED)\s+(\S+)\s+((\d+)\/(\d+))\s+(\S+)\s+(\d+)(?: \(\S+ ago\))?\s+\S+\s+(\S+)\s+(\S+)/;
const RESTART_MS = 100;

export class PodWatch {
  readonly history: PodChange[] = [];
  readonly #cluster: Cluster;
  readonly #args: string[];
  readonly #rows = new Map<string, PodRow>();
  readonly #listeners = new Set<() => void>();
  #kubectl: Followed | undefined;
  #isOver = false;

  private constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster;
    this.#args = [
      'get',
      'pods',
      '-n',
      namespace,
      '-o',
      'wide',
      '--watch',
      '--output-watch-events',
      '--no-headers',
    ];
  }

  static async start(cluster: Cluster, namespace: string): Promise<PodWatch> {
    const watch = new PodWatch(cluster, namespace);
    await watch.#follow();
    return watch;
  }

  get rows(): PodRow[] {
    return [...this.#rows.values()];
  }

  /** Those that are Ready and stay. */
  get ready(): PodRow[] {
    return this.rows.filter(({ isReady, status }) => isReady && status === 'Running');
  }

  /** Resolves with the first value of `find` that is neither undefined nor false. */
  async until<T>(what: string, limitMs: number, find: (rows: PodRow[]) => T | undefined | false): Promise<T> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const found = find(this.rows);
      if (found !== undefined && found !== false) return found as T;
      const leftMs = deadline - performance.now();
      assert.ok(leftMs > 0, `${what}: not within ${limitMs} ms; kubectl shows\n${this.#show()}`);
      await this.#change(leftMs);
    }
  }

  /** Resolves when `count` Pods are there, all of them Ready. */
  untilReady(count: number, limitMs: number): Promise<PodRow[]> {
    return this.until(`${count} Pods, all Ready`, limitMs, (rows) => {
      return rows.length === count && this.ready.length === count && rows;
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#kubectl?.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #follow(): Promise<void> {
    this.#rows.clear();
    this.#kubectl = await this.#cluster.follow(this.#args, (line) => {
      this.#read(line);
      for (const listener of this.#listeners) listener();
    });
    void this.#kubectl.exited.then(async () => {
      await delay(RESTART_MS);
      if (!this.#isOver) await this.#follow();
    });
  }

  #read(line: string): void {
    const match = ROW.exec(line);
    if (match === null) return;
    const [, type, name, ready, some, all, status, restarts, ip, node] = match as unknown as string[];
    const row: PodRow = {
      name: name!,
      isReady: some === all,
      ready: ready!,
      status: status!,
      restarts: Number(restarts),
      ip: ip!,
      node: node!,
    };
    if (type === 'DELETED') this.#rows.delete(row.name);
    else this.#rows.set(row.name, row);
    this.history.push({ atMs: performance.now(), type: type as PodChange['type'], row });
  }

  #change(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#listeners.add(done);
    });
  }

  #show(): string {
    return this.rows
      .map(({ name, ready, status, restarts, node }) => `${name} ${ready} ${status} ${restarts} ${node}`)
      .join('\n');
  }
}

/** Replays what kubectl printed since `sinceMs`: there were never fewer Pods that are Ready and stay. */
export function assertNeverBelow(pods: PodWatch, minAvailable: number, sinceMs: number): void {
  const available = new Map<string, boolean>();
  for (const { atMs, type, row } of pods.history) {
    if (type === 'DELETED') available.delete(row.name);
    else available.set(row.name, row.isReady && row.status === 'Running');
    const count = [...available.values()].filter(Boolean).length;
    assert.ok(atMs < sinceMs || count >= minAvailable, `only ${count} available`);
  }
}
