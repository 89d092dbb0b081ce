/** What `/version` answers. */
export interface ServerVersion {
  major: string;
  minor: string;
  gitVersion: string;
  gitCommit: string;
  gitTreeState: string;
  buildDate: string;
  goVersion: string;
  compiler: string;
  platform: string;
}

/** The Kubernetes API that is spoken; clients compare it with their own version. */
export const KUBERNETES_VERSION = 'v1.36.2';

/** `platform` as Go spells it: `linux/amd64`. A build that is not from Go says what it is from instead. */
export function newServerVersion(platform: string, runtime: string): ServerVersion {
  return {
    major: '1',
    minor: '36',
    gitVersion: `${KUBERNETES_VERSION}+kintsugi`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: runtime,
    compiler: 'none',
    platform,
  };
}
