/** What the command line says, parsed: composition roots take these and read neither flags nor the environment. */

/** `kintsugi up`. */
export interface UpOptions {
  /** Manifests to apply once the API is ready: files, directories, `-`; read by the command itself. */
  files: readonly string[];
  dataDir: string;
  /** 0 picks a free port. */
  apiPort: number;
  /** Agents to run, at least 1. */
  nodes: number;
  runtime: RuntimeChoice;
  images: readonly ImageRegistration[];
  /** How the ready line is written. */
  output: 'text' | 'json';
  audit?: AuditOptions;
  /** Absent: `encryption.yaml` in the data directory, where it is there. */
  encryptionConfig?: string;
  /** It is read again when it changes. */
  encryptionConfigAutomaticReload?: boolean;
  /** What is served at once, both together; absent: 400 and 200. */
  maxRequestsInflight?: number;
  maxMutatingRequestsInflight?: number;
}

/** `--audit-*`: which requests are written down, and where. */
export interface AuditOptions {
  /** A file with an audit.k8s.io/v1 Policy. */
  policy: string;
  /** Absent: in the data directory's `logs`. */
  log?: string;
  /** A kubeconfig that says where each line is sent, too. */
  webhook?: string;
  maxSizeMegabytes: number;
  /** 0: no limit. */
  maxAgeDays: number;
  /** 0: no limit. */
  maxBackups: number;
}

export type RuntimeChoice = 'auto' | 'process' | 'containerd';

/** `--image REF=DIR`. */
export interface ImageRegistration {
  reference: string;
  directory: string;
}

/** `kintsugi server`: API, controllers and scheduler in one process. */
export interface ServerOptions {
  dataDir: string;
  host: string;
  apiPort: number;
  audit?: AuditOptions;
  /** Absent: `encryption.yaml` in the data directory, where it is there. */
  encryptionConfig?: string;
  /** It is read again when it changes. */
  encryptionConfigAutomaticReload?: boolean;
  /** What is served at once, both together; absent: 400 and 200. */
  maxRequestsInflight?: number;
  maxMutatingRequestsInflight?: number;
}

/** `kintsugi agent`: kubelet and Service proxy of one node. */
export interface AgentOptions {
  dataDir: string;
  nodeName: string;
  runtime: RuntimeChoice;
  /** Where node ports listen. */
  nodePortAddresses: readonly string[];
}

/** `kintsugi down`. */
export interface DownOptions {
  dataDir: string;
  output: 'text' | 'json';
}

/** `kintsugi encrypt`. */
export interface EncryptOptions {
  dataDir: string;
  encryptionConfig?: string;
  /** Makes a new key and forgets the old ones. */
  rotate: boolean;
  output: 'text' | 'json';
}
