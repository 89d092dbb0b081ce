/**
 * Resources that are questions: who am I, may I, is this token good. Answered at once, stored never.
 *
 * @see kubernetes/kubernetes pkg/registry/authorization, pkg/registry/authentication
 */

import type { TokenReview } from '../../api/generated/authentication-v1.ts';
import type { SelfSubjectRulesReview, SubjectAccessReview } from '../../api/generated/authorization-v1.ts';
import type { ApiResponse, UserInfo } from '../../api/message.ts';
import { required, toInvalidError } from '../../api/validation/field-error.ts';
import type { ApiObject } from '../api-object.ts';
import { decodeAs } from '../decode.ts';
import { newBadRequest } from '../errors.ts';
import type { AccessAttributes } from '../interfaces.ts';
import { parseWriteOptions } from '../registry/write-options.ts';
import { parseBody } from '../request-body.ts';
import { valueResponse } from '../responses.ts';
import type { CallHandler, ResourceCall, ServerContext } from '../server-context.ts';
import { askAboutPosted } from '../subresources/ask-webhooks.ts';
import { createBinding } from '../subresources/binding.ts';
import { requiredBody } from '../verbs.ts';

type Answer = (server: ServerContext, call: ResourceCall, review: ApiObject) => Promise<object>;

function reviewed(answer: Answer): CallHandler {
  return async (server: ServerContext, call: ResourceCall): Promise<ApiResponse> => {
    const { dryRun, fieldValidation } = parseWriteOptions(call.request.query);
    const { value } = requiredBody(parseBody(call.request, call.row));
    const { object } = decodeAs(value, call.row, { fieldValidation });
    call.audit?.requested(object);
    await askAboutPosted(server, call, object, dryRun);
    const status = await answer(server, call, object);
    return valueResponse(201, { ...object, status }, call.representation);
  };
}

/** Creation of a virtual resource, by its name; what is listed but not here can only be listed, and is empty. */
export const VIRTUAL_CREATE: Readonly<Record<string, CallHandler>> = {
  bindings: createBinding,
  selfsubjectreviews: reviewed(async (_server, { user }) => ({ userInfo: user })),
  tokenreviews: reviewed(reviewToken),
  subjectaccessreviews: reviewed((server, _call, review) => reviewAccess(server, review, subjectOf(review))),
  localsubjectaccessreviews: reviewed(reviewLocalAccess),
  selfsubjectaccessreviews: reviewed((server, { user }, review) => reviewAccess(server, review, user)),
  selfsubjectrulesreviews: reviewed(reviewRules),
};

async function reviewToken(
  { tokenVerifier }: ServerContext,
  call: ResourceCall,
  review: ApiObject,
): Promise<object> {
  const { spec } = review as unknown as TokenReview;
  if (!spec?.token)
    throw toInvalidError(call.row, '', [
      required('spec.token', 'token is required for TokenReview in authentication'),
    ]);
  const verified = await tokenVerifier.verify(spec.token, spec.audiences ?? []);
  if (verified === undefined) return { user: {} };
  return { authenticated: true, user: verified.user, audiences: verified.audiences };
}

async function reviewLocalAccess(
  server: ServerContext,
  call: ResourceCall,
  review: ApiObject,
): Promise<object> {
  const { spec } = review as unknown as SubjectAccessReview;
  if (spec.resourceAttributes?.namespace !== call.info.namespace) {
    throw newBadRequest(`spec.resourceAttributes.namespace must match namespace: ${call.info.namespace}`);
  }
  return reviewAccess(server, review, subjectOf(review));
}

function subjectOf(review: ApiObject): UserInfo {
  const { spec } = review as unknown as SubjectAccessReview;
  if (!spec?.user && (spec?.groups ?? []).length === 0) {
    throw toInvalidError({ group: 'authorization.k8s.io', kind: review.kind }, '', [
      required('spec.user', 'at least one of user or group must be specified'),
    ]);
  }
  return {
    username: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.extra === undefined ? {} : { extra: spec.extra }),
  };
}

async function reviewAccess(
  { authorizer }: ServerContext,
  review: ApiObject,
  user: UserInfo,
): Promise<object> {
  const { spec } = review as unknown as SubjectAccessReview;
  const decision = await authorizer.authorize(attributesOf(spec, user));
  return {
    allowed: decision.allowed,
    ...(decision.denied ? { denied: true } : {}),
    ...(decision.reason ? { reason: decision.reason } : {}),
    ...(decision.evaluationError ? { evaluationError: decision.evaluationError } : {}),
  };
}

function attributesOf(spec: SubjectAccessReview['spec'], user: UserInfo): AccessAttributes {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec;
  if ((resource === undefined) === (other === undefined)) {
    throw newBadRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  }
  return {
    user,
    isResourceRequest: resource !== undefined,
    verb: resource?.verb ?? other?.verb ?? '',
    path: other?.path ?? '',
    group: resource?.group ?? '',
    version: resource?.version ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    namespace: resource?.namespace ?? '',
    name: resource?.name ?? '',
  };
}

async function reviewRules(
  { rules }: ServerContext,
  { user }: ResourceCall,
  review: ApiObject,
): Promise<object> {
  const { spec } = review as unknown as SelfSubjectRulesReview;
  if (!spec?.namespace) throw newBadRequest('no namespace on request');
  return rules.rulesFor(user, spec.namespace);
}
