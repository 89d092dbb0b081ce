/** The answer to a request that nobody allows, in upstream's words. */
import { StatusError } from '../../base/status-error.ts';
import { newForbidden } from '../errors.ts';
import type { AccessAttributes } from '../interfaces.ts';

/**
 * `pods "x" is forbidden: User "u" cannot get resource "pods" in API group "" in the namespace "n"`, and `reason` when there
 * is one to give.
 *
 * @see k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, Forbidden
 */
export function newAccessDenied(attributes: AccessAttributes, reason = ''): StatusError {
  const why = reason === '' ? describe(attributes) : `${describe(attributes)}: ${reason}`;
  if (!attributes.isResourceRequest)
    return new StatusError('Forbidden', `forbidden: ${why}`, { details: {} });
  return newForbidden(attributes, attributes.name, why);
}

function describe(attributes: AccessAttributes): string {
  const user = `User ${JSON.stringify(attributes.user.username)} cannot ${attributes.verb}`;
  if (!attributes.isResourceRequest) return `${user} path ${JSON.stringify(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${user} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${scope}`;
}
