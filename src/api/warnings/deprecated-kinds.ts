/** Kinds whose every use is warned of. @see k8s.io/apiserver/pkg/endpoints/deprecation; k8s.io/api/core/v1/types.go */
import type { ResourceRow } from '../resources.ts';

const DEPRECATED: Readonly<Record<string, string>> = {
  'v1/ComponentStatus': 'v1 ComponentStatus is deprecated in v1.19+',
  'v1/Endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
};

/** `undefined` for a kind that is there to stay. */
export function deprecationOf({ custom, group, kind, version }: ResourceRow): string | undefined {
  if (custom !== undefined) return custom.deprecationWarning;
  return group === '' ? DEPRECATED[`${version}/${kind}`] : undefined;
}
