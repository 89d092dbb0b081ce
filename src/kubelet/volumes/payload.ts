/**
 * The files of a volume whose content comes from the API: ConfigMap, Secret, downward API, projected. Pure; a missing
 * source is a {@link VolumeError} with upstream's words.
 *
 * @see pkg/volume/configmap MakePayload, pkg/volume/secret MakePayload, pkg/volume/projected collectData
 */

import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  Volume,
  VolumeProjection,
} from '../../api/generated/core-v1.ts';
import { fromBase64 } from '../../base/base64.ts';
import { fieldValue, type PodFacts, resourceValue } from '../downward-api.ts';
import { type PayloadFile, VolumeError } from './volume-host.ts';

export interface PayloadInputs extends PodFacts {
  pod: Pod;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
  /** The token for a projection of this volume, by its path. */
  token(path: string): string;
}

const DEFAULT_MODE = 0o644;
/** A token is for its own container's user only. @see pkg/volume/projected: 0600, or 0644 by defaultMode */
const utf8 = new TextEncoder();

/** The files of `volume`; `undefined` when its kind has no such payload. */
export function volumePayload(volume: Volume, inputs: PayloadInputs): PayloadFile[] | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    const mode = configMap.defaultMode ?? DEFAULT_MODE;
    return configMapFiles(configMap, mode, inputs);
  }
  if (secret !== undefined) {
    const { secretName, items, optional } = secret;
    return secretFiles(toProjection(secretName, items, optional), secret.defaultMode ?? DEFAULT_MODE, inputs);
  }
  if (downwardAPI !== undefined) {
    return downwardFiles(downwardAPI.items ?? [], downwardAPI.defaultMode ?? DEFAULT_MODE, inputs);
  }
  if (projected === undefined) return undefined;
  const mode = projected.defaultMode ?? DEFAULT_MODE;
  const files = (projected.sources ?? []).flatMap((source) => projectedFiles(source, mode, inputs));
  // A later source wins over an earlier one at the same path.
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

interface Projection {
  name?: string;
  items?: KeyToPath[];
  optional?: boolean;
}

function toProjection(name?: string, items?: KeyToPath[], optional?: boolean): Projection {
  return {
    ...(name === undefined ? {} : { name }),
    ...(items === undefined ? {} : { items }),
    ...(optional === undefined ? {} : { optional }),
  };
}

function projectedFiles(source: VolumeProjection, mode: number, inputs: PayloadInputs): PayloadFile[] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap !== undefined) return configMapFiles(configMap, mode, inputs);
  if (secret !== undefined) return secretFiles(secret, mode, inputs);
  if (downwardAPI !== undefined) return downwardFiles(downwardAPI.items ?? [], mode, inputs);
  if (serviceAccountToken === undefined) throw new VolumeError('unsupported projected volume source');
  const { path } = serviceAccountToken;
  return [{ path, content: utf8.encode(inputs.token(path)), mode }];
}

function configMapFiles(projection: Projection, mode: number, inputs: PayloadInputs): PayloadFile[] {
  const name = projection.name ?? '';
  const object = inputs.configMap(name);
  if (object === undefined && projection.optional !== true)
    throw new VolumeError(`configmap "${name}" not found`);
  const content = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(object?.data ?? {})) content.set(key, utf8.encode(text));
  for (const [key, base64] of Object.entries(object?.binaryData ?? {})) content.set(key, fromBase64(base64));
  return selectKeys(content, projection, mode, 'configmap');
}

function secretFiles(projection: Projection, mode: number, inputs: PayloadInputs): PayloadFile[] {
  const name = projection.name ?? '';
  const object = inputs.secret(name);
  if (object === undefined && projection.optional !== true)
    throw new VolumeError(`secret "${name}" not found`);
  const content = new Map<string, Uint8Array>();
  for (const [key, base64] of Object.entries(object?.data ?? {})) content.set(key, fromBase64(base64));
  return selectKeys(content, projection, mode, 'secret');
}

function selectKeys(
  content: ReadonlyMap<string, Uint8Array>,
  { items, optional }: Projection,
  mode: number,
  kind: 'configmap' | 'secret',
): PayloadFile[] {
  if (items === undefined || items.length === 0) {
    return [...content].map(([path, bytes]) => ({ path, content: bytes, mode }));
  }
  return items.flatMap((item) => {
    const bytes = content.get(item.key);
    if (bytes !== undefined) return [{ path: safePath(item.path), content: bytes, mode: item.mode ?? mode }];
    if (optional === true) return [];
    throw new VolumeError(
      `${kind} references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${item.key}`,
    );
  });
}

function downwardFiles(
  items: readonly DownwardAPIVolumeFile[],
  mode: number,
  inputs: PayloadInputs,
): PayloadFile[] {
  return items.map((item) => {
    const value =
      item.fieldRef === undefined
        ? resourceValue(item.resourceFieldRef ?? { resource: '' }, inputs.pod, '', inputs)
        : fieldValue(item.fieldRef, inputs.pod, inputs);
    if (value === undefined) throw new VolumeError(`unsupported downward API item for path ${item.path}`);
    return { path: safePath(item.path), content: utf8.encode(value), mode: item.mode ?? mode };
  });
}

/** The API refuses such paths too; a volume never writes outside itself, whoever the server is. */
function safePath(path: string): string {
  if (path.startsWith('/') || path.split('/').includes('..')) throw new VolumeError(`invalid path: ${path}`);
  return path;
}

/** Names of the ConfigMaps and Secrets that `volume` shows. */
export function volumeSources(volume: Volume): { configMaps: string[]; secrets: string[] } {
  const projections = volume.projected?.sources ?? [];
  const configMaps = [volume.configMap?.name, ...projections.map(({ configMap }) => configMap?.name)];
  const secrets = [volume.secret?.secretName, ...projections.map(({ secret }) => secret?.name)];
  const isName = (name: string | undefined): name is string => name !== undefined && name !== '';
  return { configMaps: configMaps.filter(isName), secrets: secrets.filter(isName) };
}
