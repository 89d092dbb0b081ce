/** Where a Pod's files are on its node: upstream's layout below the kubelet's root. @see kubelet_getters.go */
import type { Volume } from '../../api/generated/core-v1.ts';

const PLUGIN_OF_FIELD: Readonly<Partial<Record<keyof Volume, string>>> = {
  configMap: 'kubernetes.io~configmap',
  secret: 'kubernetes.io~secret',
  emptyDir: 'kubernetes.io~empty-dir',
  downwardAPI: 'kubernetes.io~downward-api',
  projected: 'kubernetes.io~projected',
};

export function podsDirectory(rootDir: string): string {
  return `${rootDir}/pods`;
}

export function podDirectory(rootDir: string, podUid: string): string {
  return `${podsDirectory(rootDir)}/${podUid}`;
}

/** The volume's directory on the node; `undefined` for a kind that this kubelet does not serve. */
export function volumePath(rootDir: string, podUid: string, volume: Volume): string | undefined {
  if (volume.hostPath !== undefined) return volume.hostPath.path;
  for (const [field, plugin] of Object.entries(PLUGIN_OF_FIELD)) {
    if (volume[field as keyof Volume] !== undefined) {
      return `${podDirectory(rootDir, podUid)}/volumes/${plugin}/${volume.name}`;
    }
  }
  return undefined;
}

/** The field that says what `volume` is: `persistentVolumeClaim`. */
export function volumeKind(volume: Volume): string {
  return Object.keys(volume).find((field) => field !== 'name') ?? 'emptyDir';
}

export function terminationLogPath(rootDir: string, podUid: string, name: string, attempt: number): string {
  return `${podDirectory(rootDir, podUid)}/containers/${name}/${attempt}`;
}
