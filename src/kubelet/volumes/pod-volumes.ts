/**
 * One Pod's volumes on the node: set up before its sandbox, kept current while it runs, taken down after it.
 *
 * `mount` is idempotent and is also the refresh: payloads that have not changed are not written again.
 */

import type { Container, Pod, Volume, VolumeMount } from '../../api/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import { wholeValue } from '../../base/quantity.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { ContainerMount } from '../../container-runtime/runtime.ts';
import type { PodFacts } from '../downward-api.ts';
import { environmentSources } from '../environment.ts';
import { expandStrictly } from '../expansion.ts';
import type { ReferencedObjects, SourceNames } from '../referenced-objects.ts';
import { volumePayload, volumeSources } from './payload.ts';
import { type HeldToken, requestToken } from './token-source.ts';
import { VolumeError, type VolumeHost } from './volume-host.ts';
import { podDirectory, volumeKind, volumePath } from './volume-paths.ts';

export interface PodVolumesDeps {
  clock: Clock;
  client: ApiClient;
  host: VolumeHost;
  objects: ReferencedObjects;
  rootDir: string;
}

const DIRECTORY_MODE = 0o755;
const EMPTY_DIR_MODE = 0o777;

export class PodVolumes {
  readonly #deps: PodVolumesDeps;
  /** With their `volume/path`: mostly one. */
  #tokens: readonly (HeldToken & { readonly key: string })[] = [];
  #isMounted = false;

  constructor(deps: PodVolumesDeps) {
    this.#deps = deps;
  }

  get isMounted(): boolean {
    return this.#isMounted;
  }

  /** When the next token must be renewed, wall ms. */
  get refreshAtMs(): number | undefined {
    if (this.#tokens.length === 0) return undefined;
    return Math.min(...this.#tokens.map(({ renewAtMs }) => renewAtMs));
  }

  /**
   * Watches what the Pod refers to, then sets up every volume that can be, also where another one cannot.
   *
   * @throws VolumeError, StatusError of the first that cannot
   */
  async mount(pod: Pod, facts: PodFacts, signal: AbortSignal): Promise<void> {
    const { uid, namespace = '' } = pod.metadata;
    await this.#deps.objects.use({ uid, namespace }, podSources(pod), signal);
    const volumes = pod.spec.volumes ?? [];
    const mounts = volumes.map((volume) => this.#mountOne(volume, pod, facts, signal));
    const failure = (await Promise.allSettled(mounts)).find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason;
    this.#isMounted = true;
  }

  async #mountOne(volume: Volume, pod: Pod, facts: PodFacts, signal: AbortSignal): Promise<void> {
    try {
      await this.#setUp(volume, pod, facts, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof Error)) throw error;
      const message = `MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`;
      throw new VolumeError(message, { cause: error });
    }
  }

  async #setUp(volume: Volume, pod: Pod, facts: PodFacts, signal: AbortSignal): Promise<void> {
    const { host, rootDir } = this.#deps;
    const path = volumePath(rootDir, pod.metadata.uid, volume);
    if (path === undefined) {
      throw new VolumeError(
        `no volume plugin matched: ${volumeKind(volume)} volumes are not supported on this node`,
      );
    }
    if (volume.hostPath !== undefined) return host.prepareHostPath(path, volume.hostPath.type ?? '', signal);
    await host.makeDirectory(path, volume.emptyDir === undefined ? DIRECTORY_MODE : EMPTY_DIR_MODE, signal);
    if (volume.emptyDir?.medium === 'Memory') {
      const { sizeLimit } = volume.emptyDir;
      await host.mountMemory(path, sizeLimit === undefined ? undefined : wholeValue(sizeLimit), signal);
    }
    await this.#renewTokens(volume, pod, signal);
    const { objects } = this.#deps;
    const { namespace = '' } = pod.metadata;
    const files = volumePayload(volume, {
      ...facts,
      pod,
      configMap: (name) => objects.configMap(namespace, name),
      secret: (name) => objects.secret(namespace, name),
      token: (file) => this.#heldToken(`${volume.name}/${file}`)?.token ?? '',
    });
    if (files !== undefined) await host.writePayload(path, files, signal);
    const { fsGroup } = pod.spec.securityContext ?? {};
    if (fsGroup !== undefined) await host.setGroup(path, fsGroup, signal);
  }

  async #renewTokens(volume: Volume, pod: Pod, signal: AbortSignal): Promise<void> {
    for (const { serviceAccountToken } of volume.projected?.sources ?? []) {
      if (serviceAccountToken === undefined) continue;
      const key = `${volume.name}/${serviceAccountToken.path}`;
      const held = this.#heldToken(key);
      if (held !== undefined && this.#deps.clock.now() < held.renewAtMs) continue;
      const { token, renewAtMs } = await requestToken(this.#deps, pod, serviceAccountToken, signal);
      const others = this.#tokens.filter((other) => other.key !== key);
      this.#tokens = others.concat({ key, token, renewAtMs });
    }
  }

  #heldToken(key: string): HeldToken | undefined {
    return this.#tokens.find((held) => held.key === key);
  }

  /** The container's mounts. @throws VolumeError for a mount that cannot be made */
  async mountsOf(
    pod: Pod,
    container: Container,
    variables: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<ContainerMount[]> {
    const mounts: ContainerMount[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
      const base =
        volume === undefined ? undefined : volumePath(this.#deps.rootDir, pod.metadata.uid, volume);
      if (base === undefined)
        throw new VolumeError(
          `cannot find volume "${mount.name}" to mount into container "${container.name}"`,
        );
      const subPath = subPathOf(mount, variables);
      const hostPath = subPath === '' ? base : await this.#deps.host.prepareSubPath(base, subPath, signal);
      mounts.push({ containerPath: mount.mountPath, hostPath, readonly: mount.readOnly ?? false });
    }
    return mounts;
  }

  /** Removes everything of the Pod from the node; what hostPath volumes point at stays. */
  async remove(podUid: string, signal: AbortSignal): Promise<void> {
    await this.#deps.host.remove(podDirectory(this.#deps.rootDir, podUid), signal);
    this.#deps.objects.release(podUid);
    this.#isMounted = false;
  }
}

function subPathOf(mount: VolumeMount, variables: ReadonlyMap<string, string>): string {
  if (mount.subPathExpr === undefined || mount.subPathExpr === '') return mount.subPath ?? '';
  const expanded = expandStrictly(mount.subPathExpr, variables);
  if ('value' in expanded) return expanded.value;
  throw new VolumeError(`missing value for "${expanded.missing}"`);
}

/** Everything that the Pod's volumes and environments refer to. */
function podSources(pod: Pod): SourceNames {
  const { containers, ephemeralContainers = [], initContainers = [], volumes = [] } = pod.spec;
  const sources = [
    ...volumes.map(volumeSources),
    ...[...initContainers, ...containers, ...ephemeralContainers].map(environmentSources),
  ];
  return {
    configMaps: sources.flatMap(({ configMaps }) => configMaps),
    secrets: sources.flatMap(({ secrets }) => secrets),
  };
}
