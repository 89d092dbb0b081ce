/**
 * Everything that the command line touches outside itself. `main` implements it; tests do with values.
 */
import type { Transport } from '../api/message.ts';
import type { Clock } from '../base/clock.ts';
import type { AgentOptions, DownOptions, EncryptOptions, ServerOptions, UpOptions } from './options.ts';

export interface CliWorld {
  clock: Clock;
  /** Of this program: `0.1.0`. */
  version: string;
  homeDir: string;
  env: Readonly<Record<string, string | undefined>>;
  stdout: TextSink;
  stderr: TextSink;
  readStdin(): Promise<string>;
  /** Rejects with an error whose message names the path. */
  readText(path: string): Promise<string>;
  /** `path` itself, or the manifests (.yaml, .yml, .json) in it, sorted. Rejects when it does not exist. */
  listManifests(path: string): Promise<string[]>;
  /** Opens nothing yet; the first request does. */
  connect(target: ConnectionTarget): Promise<OpenTransport>;
  /** The long-running commands and `down` belong to composition roots. Each resolves with the exit code. */
  roots: Roots;
}

export interface Roots {
  up(options: UpOptions, signal: AbortSignal): Promise<number>;
  server(options: ServerOptions, signal: AbortSignal): Promise<number>;
  agent(options: AgentOptions, signal: AbortSignal): Promise<number>;
  down(options: DownOptions, signal: AbortSignal): Promise<number>;
  encrypt(options: EncryptOptions, signal: AbortSignal): Promise<number>;
}

export interface TextSink {
  /** Resolves when there is room for more. Rejects when the reader is gone (`kintsugi get | head`). */
  write(text: string | Uint8Array): Promise<void>;
  /** Whether colours are welcome. */
  isTerminal: boolean;
}

/** A server and how to prove who one is, PEM or token, from a kubeconfig. */
export interface ConnectionTarget {
  server: string;
  serverCa: string;
  cert?: string;
  key?: string;
  token?: string;
}

export interface OpenTransport extends Transport {
  close(): void;
}
