/**
 * What the kubelet needs of containers, in the words of Kubernetes' Container Runtime Interface (CRI v1): sandboxes
 * (one per Pod), containers, images, streams, and a stream of events.
 *
 * Implementations: `process/` (a process tree on this machine), `containerd/` (CRI over gRPC) and the simulated one.
 * `runtime.contract.ts` is the suite that each of them passes.
 *
 * Invariants for all: everything listed survives the death of the caller; a call repeated with the same effect is not an
 * error (stop of a stopped container, removal of a removed one); ids are never reused.
 *
 * @see k8s.io/cri-api/pkg/apis/runtime/v1/api.proto
 */
export interface ContainerRuntime {
  status(signal: AbortSignal): Promise<RuntimeStatus>;

  /** The image that `reference` names, or `undefined` when it is not present. */
  imageStatus(reference: string, signal: AbortSignal): Promise<RuntimeImage | undefined>;
  /** Makes the image present. @throws RuntimeError `ImageNotFound`, `InvalidImageName`, `RegistryUnavailable` */
  pullImage(reference: string, signal: AbortSignal): Promise<RuntimeImage>;

  /**
   * Creates and starts a Pod's sandbox: its network, its cgroup, its directory. Returns the sandbox id.
   * @throws RuntimeError when there is one of the same Pod and attempt
   */
  runPodSandbox(config: SandboxConfig, signal: AbortSignal): Promise<string>;
  /** Kills every container in the sandbox and gives up its network. */
  stopPodSandbox(sandboxId: string, signal: AbortSignal): Promise<void>;
  /** Removes the sandbox and all its containers, with their logs' handles; stops it first if needed. */
  removePodSandbox(sandboxId: string, signal: AbortSignal): Promise<void>;
  /** May be the very array that the last call gave, when nothing has changed since. */
  listPodSandboxes(signal: AbortSignal): Promise<readonly SandboxStatus[]>;

  /**
   * Creates a container that is not running yet. Returns the container id.
   * @throws RuntimeError when the sandbox has one of the same name and attempt
   */
  createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string>;
  /** @throws RuntimeError `StartError` when the entrypoint cannot be executed; the container is then exited with 128. */
  startContainer(containerId: string, signal: AbortSignal): Promise<void>;
  /** Sends the stop signal to the container's first process, waits `timeoutMs`, then kills all its processes. 0 kills at once. */
  stopContainer(containerId: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Removes an exited (or created) container and its log file; kills it first if needed. */
  removeContainer(containerId: string, signal: AbortSignal): Promise<void>;
  /** Every container, running or not, of every sandbox. May be the array of the last call, as above. */
  listContainers(signal: AbortSignal): Promise<readonly ContainerStatus[]>;
  /** Applies new limits to a running container. */
  updateContainerResources(
    containerId: string,
    resources: ContainerResources,
    signal: AbortSignal,
  ): Promise<void>;

  /** Runs a command in a container to its end; output is bounded at {@link EXEC_SYNC_OUTPUT_MAX} bytes each. Past `timeoutMs`: RuntimeError `DeadlineExceeded`. */
  execSync(
    containerId: string,
    command: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ExecSyncResult>;
  exec(containerId: string, options: ExecOptions, signal: AbortSignal): Promise<ExecSession>;
  /** Joins the running container's own streams, from now on. */
  attach(containerId: string, options: StreamOptions, signal: AbortSignal): Promise<ExecSession>;
  /** Opens a connection to a TCP port inside the sandbox. */
  dial(sandboxId: string, port: number, signal: AbortSignal): Promise<ByteStream>;

  /** The container's log, oldest first. With `follow`, ends when the container has exited and all is read. */
  readLog(containerId: string, options: ReadLogOptions, signal: AbortSignal): AsyncIterable<LogRecord>;
  stats(signal: AbortSignal): Promise<ContainerStats[]>;

  /**
   * Container events from the moment of the call, until `signal` aborts. Never blocks the runtime: a consumer that falls
   * more than {@link EVENT_BUFFER_MAX} behind gets one event of type `lagged` and must list.
   */
  events(signal: AbortSignal): AsyncIterable<ContainerEvent>;
}

export const EXEC_SYNC_OUTPUT_MAX = 16 * 1024 * 1024;
export const EVENT_BUFFER_MAX = 10_000;

export interface RuntimeStatus {
  name: string;
  version: string;
  ready: boolean;
  /** Why it is not ready. */
  message?: string;
  networkReady: boolean;
  networkMessage?: string;
}

export interface RuntimeImage {
  /** The reference as asked for, normalised. */
  reference: string;
  /** Content identity, for `status.containerStatuses[].imageID`. */
  id: string;
  sizeBytes: number;
  /** Whom its program runs as unless the manifest says: a number, or a name that only the image knows. */
  user?: { uid?: number; name?: string };
}

export interface SandboxConfig {
  metadata: { name: string; namespace: string; uid: string; attempt: number };
  hostname: string;
  hostNetwork: boolean;
  dns?: { servers: string[]; searches: string[]; options: string[] };
  portMappings: { containerPort: number; hostPort: number; hostIp: string; protocol: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Whole-Pod limits, where the manifest sets them. */
  resources?: ContainerResources;
}

export interface SandboxStatus {
  id: string;
  state: 'ready' | 'notready';
  /** The Pod's address; the node's own for a Pod in the host network. */
  ip: string;
  createdAtMs: number;
  metadata: SandboxConfig['metadata'];
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface ContainerConfig {
  metadata: { name: string; attempt: number };
  image: string;
  /** Overrides the image's entrypoint; empty keeps it. */
  command: string[];
  /** Overrides the image's command; empty keeps it (unless `command` is given). */
  args: string[];
  workingDir: string;
  env: { name: string; value: string }[];
  mounts: ContainerMount[];
  /** Overrides the image's stop signal, e.g. `SIGTERM`; empty keeps it. */
  stopSignal: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  resources: ContainerResources;
  security: {
    runAsUser?: number;
    runAsGroup?: number;
    supplementalGroups: number[];
    readonlyRootFilesystem: boolean;
    privileged: boolean;
  };
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface ContainerMount {
  containerPath: string;
  hostPath: string;
  readonly: boolean;
}

export interface ContainerResources {
  /** CPU share, in thousandths of a core; from the request. */
  cpuRequestMillis?: number;
  /** CPU limit, in thousandths of a core. */
  cpuLimitMillis?: number;
  memoryLimitBytes?: number;
  oomScoreAdj?: number;
}

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown';

export interface ContainerStatus {
  id: string;
  sandboxId: string;
  metadata: ContainerConfig['metadata'];
  image: string;
  imageId: string;
  state: ContainerState;
  createdAtMs: number;
  /** 0 while not started. */
  startedAtMs: number;
  /** 0 while not finished. */
  finishedAtMs: number;
  exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown`; empty while not exited. */
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface ContainerEvent {
  type: 'created' | 'started' | 'stopped' | 'deleted' | 'lagged';
  sandboxId: string;
  containerId: string;
  podUid: string;
}

export interface ExecSyncResult {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exitCode: number;
}

export interface StreamOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

export interface ExecOptions extends StreamOptions {
  command: readonly string[];
}

/** A running exec or attach. */
export interface ExecSession {
  stdout: AsyncIterable<Uint8Array>;
  stderr: AsyncIterable<Uint8Array>;
  writeStdin(chunk: Uint8Array): Promise<void>;
  closeStdin(): void;
  resize(columns: number, rows: number): void;
  /** The exit code; rejects with RuntimeError when the command could not be started. */
  readonly exited: Promise<number>;
  /** Ends the command (exec) or leaves the container alone (attach). */
  close(): void;
}

/** A two-way byte stream. */
export interface ByteStream {
  readable: AsyncIterable<Uint8Array>;
  write(chunk: Uint8Array): Promise<void>;
  /** Half-closes the sending side. */
  end(): void;
  destroy(): void;
}

export interface ReadLogOptions {
  follow: boolean;
  /** Only the last so many lines. */
  tailLines?: number;
  /** Only lines at or after this wall time. */
  sinceMs?: number;
}

export interface LogRecord {
  /** Wall time with nanoseconds, RFC 3339, as the log file holds it. */
  timestamp: string;
  stream: 'stdout' | 'stderr';
  /** One line with its line feed; without one when the line was split at the size limit or is the unfinished last. */
  line: Uint8Array;
}

export interface ContainerStats {
  containerId: string;
  cpuUsageNanos: number;
  memoryWorkingSetBytes: number;
}

export type RuntimeErrorReason =
  | 'ImageNotFound'
  | 'InvalidImageName'
  | 'RegistryUnavailable'
  | 'StartError'
  | 'NotFound'
  | 'DeadlineExceeded'
  | 'ResourceExhausted'
  | 'Unavailable'
  | 'Unknown';

/** An operating error of a runtime; adapters translate their own errors into it. */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
  readonly reason: RuntimeErrorReason;

  constructor(reason: RuntimeErrorReason, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
