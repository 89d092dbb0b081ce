/** Sources of volumes that nothing mounts any more. @see k8s.io/kubernetes/pkg/api/pod/warnings.go */
const DEPRECATED: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

/** @param volume  with its sources among its fields. @param field  of the volume */
export function warningsOfSource(volume: object, field: string): string[] {
  return Object.keys(volume).flatMap((source) => {
    const text = DEPRECATED[source];
    // Upstream spells this one as its Go field.
    const name = source === 'storageos' ? 'storageOS' : source;
    return text === undefined ? [] : [`${field}.${name}: ${text}`];
  });
}
