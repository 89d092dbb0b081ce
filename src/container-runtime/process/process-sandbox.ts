/** A Pod's sandbox: its address, and the files `/etc/hosts` and `/etc/resolv.conf` that its containers see. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../platform/atomic-file.ts';
import type { ContainerMount, SandboxConfig, SandboxStatus } from '../runtime.ts';
import { readJson } from './container-directory.ts';

export interface SandboxRecord {
  id: string;
  config: SandboxConfig;
  ip: string;
  netnsPath: string | undefined;
  createdAtMs: number;
  bootId: string;
  stopped: boolean;
}

export class ProcessSandbox {
  readonly #directory: string;
  readonly #currentBootId: string;
  #record: SandboxRecord;

  constructor(directory: string, record: SandboxRecord, currentBootId: string) {
    this.#directory = directory;
    this.#record = record;
    this.#currentBootId = currentBootId;
  }

  /** `undefined` for a directory that was never completed. */
  static read(directory: string, currentBootId: string): ProcessSandbox | undefined {
    const record = readJson(join(directory, 'sandbox.json')) as SandboxRecord | undefined;
    return record === undefined ? undefined : new ProcessSandbox(directory, record, currentBootId);
  }

  get record(): SandboxRecord {
    return this.#record;
  }

  /** A sandbox of an earlier start of the machine has lost its network. */
  get isReady(): boolean {
    return !this.#record.stopped && this.#record.bootId === this.#currentBootId;
  }

  persist(): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o711 });
    const { config, ip } = this.#record;
    if (!config.hostNetwork) writeFileSync(this.#hosts, hostsFile(ip, config.hostname));
    if (config.dns !== undefined) writeFileSync(this.#resolvConf, resolvConfFile(config.dns));
    this.#write();
  }

  markStopped(): void {
    this.#record = { ...this.#record, stopped: true };
    this.#write();
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** What every container of the Pod sees, unless the manifest mounts something else there. */
  mounts(): ContainerMount[] {
    const files = [
      { containerPath: '/etc/hosts', hostPath: this.#hosts },
      { containerPath: '/etc/resolv.conf', hostPath: this.#resolvConf },
    ];
    return files.filter(({ hostPath }) => existsSync(hostPath)).map((file) => ({ ...file, readonly: false }));
  }

  status(): SandboxStatus {
    const { id, config, ip, createdAtMs } = this.#record;
    const { metadata, labels, annotations } = config;
    return { id, state: this.isReady ? 'ready' : 'notready', ip, createdAtMs, metadata, labels, annotations };
  }

  get #hosts(): string {
    return join(this.#directory, 'hosts');
  }

  get #resolvConf(): string {
    return join(this.#directory, 'resolv.conf');
  }

  #write(): void {
    writeFileAtomically(join(this.#directory, 'sandbox.json'), JSON.stringify(this.#record));
  }
}

function hostsFile(ip: string, hostname: string): string {
  return `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${ip}\t${hostname}\n`;
}

function resolvConfFile({ servers, searches, options }: NonNullable<SandboxConfig['dns']>): string {
  const lines = servers.map((server) => `nameserver ${server}`);
  if (searches.length > 0) lines.push(`search ${searches.join(' ')}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return `${lines.join('\n')}\n`;
}
