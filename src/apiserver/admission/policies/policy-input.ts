/** What expressions of policies are told about a request. @see k8s.io/apiserver/pkg/admission/plugin/cel/condition.go CreateAdmissionRequest */
import { toDynamicValue } from '../../../api/cel/json-value.ts';
import type { CelValue } from '../../../api/cel/value.ts';
import type { JsonValue } from '../../../api/json.ts';
import type { UserInfo } from '../../../api/message.ts';
import {
  type AccessAnswer,
  type AccessQuestion,
  CelAuthorizer,
  CelResourceCheck,
} from '../../../api/policies/authz-library.ts';
import type { PolicyInput } from '../../../api/policies/policy-environment.ts';
import { NAMESPACES, type ResourceRow } from '../../../api/resources.ts';
import type { ApiObject } from '../../api-object.ts';
import type { RequestAuthorizer } from '../../interfaces.ts';
import type { AdmissionRequest, AdmissionView } from '../admission.ts';

/** @param row  by which the policy matched */
export function newPolicyInput(
  request: AdmissionRequest,
  row: ResourceRow,
  { view, authorizer }: { view: AdmissionView; authorizer: RequestAuthorizer },
): PolicyInput {
  const { group, version, resource, kind } = request.row;
  const { subresource, name, namespace, operation, user, dryRun, object, old } = request;
  const about: JsonValue = {
    kind: { group: row.group, version: row.version, kind: row.kind },
    resource: { group: row.group, version: row.version, resource: row.resource },
    subResource: subresource,
    requestKind: { group, version, kind },
    requestResource: { group, version, resource },
    requestSubResource: subresource,
    name,
    namespace,
    operation,
    userInfo: { uid: '', ...user, extra: user.extra ?? {} },
    dryRun,
  };
  const around =
    namespace === '' || request.row === NAMESPACES ? undefined : view.get(NAMESPACES, '', namespace);
  const ask = (question: AccessQuestion) => askAuthorizer(authorizer, user, question);
  return {
    object: toValue(object),
    oldObject: toValue(old),
    request: toDynamicValue(about),
    namespaceObject: toValue(around),
    params: null,
    authorizer: new CelAuthorizer(ask),
    requestResource: new CelResourceCheck(ask, { group, resource, subresource, namespace, name }),
  };
}

export function toValue(object: ApiObject | undefined): CelValue {
  return object === undefined ? null : toDynamicValue(object as unknown as JsonValue);
}

function askAuthorizer(
  authorizer: RequestAuthorizer,
  user: UserInfo,
  { serviceAccount, path, ...question }: AccessQuestion,
): AccessAnswer {
  const decision = authorizer.authorize({
    ...question,
    user: serviceAccount === undefined ? user : toUser(serviceAccount),
    isResourceRequest: path === undefined,
    path: path ?? '',
    version: path === undefined ? '*' : '',
  });
  // Admission decides at once, inside a transaction.
  if (decision instanceof Promise) {
    decision.catch(() => undefined);
    return { allowed: false, reason: '', error: 'this authorizer does not answer at once' };
  }
  const { allowed, reason = '', evaluationError } = decision;
  return { allowed, reason, ...(evaluationError === undefined ? {} : { error: evaluationError }) };
}

function toUser({ namespace, name }: { namespace: string; name: string }): UserInfo {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { username: `system:serviceaccount:${namespace}:${name}`, groups };
}
