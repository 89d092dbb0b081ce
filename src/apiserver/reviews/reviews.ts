/**
 * Resources that are questions: who am I, may I, is this token good. Answered at once, stored never.
 *
 * @see kubernetes/kubernetes pkg/registry/authorization, pkg/registry/authentication
 */

import type { TokenReview } from '../../api/generated/authentication-v1.ts';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '../../api/generated/authorization-v1.ts';
import type { ApiResponse, UserInfo } from '../../api/message.ts';
import {
  validateAccessReview,
  validateLocalAccessReview,
  validateOwnAccessReview,
} from '../../api/validation/access-review.ts';
import { type FieldError, toInvalidError } from '../../api/validation/field-error.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { decodeAs } from '../decode.ts';
import { newBadRequest, requireNamespace } from '../errors.ts';
import type { AccessAttributes } from '../interfaces.ts';
import { parseWriteOptions } from '../registry/write-options.ts';
import { parseBody } from '../request-body.ts';
import { valueResponse } from '../responses.ts';
import type { CallHandler, ResourceCall, ServerContext } from '../server-context.ts';
import { askAboutPosted } from '../subresources/ask-webhooks.ts';
import { createBinding } from '../subresources/binding.ts';
import { requiredBody } from '../verbs.ts';
import { selectorsAsked } from './review-selectors.ts';

interface Review {
  /** @throws StatusError for a question that cannot be answered */
  check?: (review: ApiObject, call: ResourceCall) => void;
  answer: (server: ServerContext, call: ResourceCall, review: ApiObject) => Promise<object>;
  /** Of a question that is not repeated in the answer: what stands in its place. */
  shown?: (server: ServerContext) => object;
}

/** What a client cannot say of an object. @see k8s.io/apiserver/pkg/registry/rest/meta.go WipeObjectMetaSystemFields */
const OF_SYSTEM = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'selfLink',
  'uid',
] as const;

function reviewed({ check, answer, shown }: Review): CallHandler {
  return async (server: ServerContext, call: ResourceCall): Promise<ApiResponse> => {
    const { dryRun, fieldValidation } = parseWriteOptions(call.request.query);
    const { value } = requiredBody(parseBody(call.request, call.row));
    const { object } = decodeAs(value, call.row, { fieldValidation });
    placeIn(call, object);
    call.audit?.requested(object);
    await askAboutPosted(server, call, object, { dryRun, check: () => check?.(object, call) });
    const status = await answer(server, call, object);
    const { apiVersion, kind } = object;
    const repeated = shown === undefined ? object : { apiVersion, kind, ...shown(server) };
    return valueResponse(201, { ...repeated, status }, call.representation);
  };
}

/** A review has the namespace of its request, or none. @throws StatusError when it says another */
function placeIn({ row, info }: ResourceCall, { metadata }: ApiObject): void {
  for (const name of OF_SYSTEM) delete (metadata as Partial<Record<string, unknown>>)[name];
  if (!row.namespaced) delete (metadata as Partial<typeof metadata>).namespace;
  else {
    requireNamespace(metadata.namespace, info.namespace);
    metadata.namespace = info.namespace;
  }
}

/** Creation of a virtual resource, by its name; what is listed but not here can only be listed, and is empty. */
export const VIRTUAL_CREATE: Readonly<Record<string, CallHandler>> = {
  bindings: createBinding,
  selfsubjectreviews: reviewed({
    answer: async (_server, { user }) => ({ userInfo: user }),
    shown: ({ registry }) => ({ metadata: { creationTimestamp: toTimestamp(registry.clock.now()) } }),
  }),
  tokenreviews: reviewed({ check: checkToken, answer: reviewToken }),
  subjectaccessreviews: reviewed({
    check: (review) => refuse(validateAccessReview(toAccess(review))),
    answer: (server, _call, review) => reviewAccess(server, review, subjectOf(toAccess(review))),
  }),
  localsubjectaccessreviews: reviewed({
    check: (review, { info }) =>
      refuse(validateLocalAccessReview(review as unknown as LocalSubjectAccessReview, info.namespace)),
    answer: (server, _call, review) => reviewAccess(server, review, subjectOf(toAccess(review))),
  }),
  selfsubjectaccessreviews: reviewed({
    check: (review) => refuse(validateOwnAccessReview(review as unknown as SelfSubjectAccessReview)),
    answer: (server, { user }, review) => reviewAccess(server, review, user),
  }),
  selfsubjectrulesreviews: reviewed({
    check: checkRules,
    answer: reviewRules,
    shown: () => ({ metadata: {}, spec: {} }),
  }),
};

/** Upstream says nothing of the kind: where it judges them, these objects no longer say it. */
function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw toInvalidError({ group: 'authorization.k8s.io', kind: '' }, '', errors);
}

function checkToken(review: ApiObject): void {
  const { spec } = review as unknown as Partial<TokenReview>;
  if (!spec?.token) throw newBadRequest('token is required for TokenReview in authentication');
}

async function reviewToken(
  { tokenVerifier }: ServerContext,
  _call: ResourceCall,
  review: ApiObject,
): Promise<object> {
  const { token, audiences = [] } = (review as unknown as TokenReview).spec;
  const verified = await tokenVerifier.verify(token, audiences);
  if (verified === undefined) return { user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: verified.user, audiences: verified.audiences };
}

function toAccess(review: ApiObject): SubjectAccessReview {
  return review as unknown as SubjectAccessReview;
}

function subjectOf({ spec }: SubjectAccessReview): UserInfo {
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
  const { spec } = toAccess(review);
  const { fieldSelector, ignored } = selectorsAsked(spec.resourceAttributes ?? {});
  const decision = await authorizer.authorize({ ...attributesOf(spec, user), fieldSelector });
  const evaluationError = [decision.evaluationError ?? '', ...ignored].filter(Boolean).join('; ');
  return {
    allowed: decision.allowed,
    ...(decision.denied ? { denied: true } : {}),
    ...(decision.reason ? { reason: decision.reason } : {}),
    ...(evaluationError ? { evaluationError } : {}),
  };
}

function attributesOf(spec: SubjectAccessReview['spec'], user: UserInfo): AccessAttributes {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec;
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

function checkRules(review: ApiObject): void {
  const { spec } = review as unknown as Partial<SelfSubjectRulesReview>;
  if (!spec?.namespace) throw newBadRequest('no namespace on request');
}

async function reviewRules(
  { rules }: ServerContext,
  { user }: ResourceCall,
  review: ApiObject,
): Promise<object> {
  const { spec } = review as unknown as SelfSubjectRulesReview;
  return rules.rulesFor(user, spec.namespace!);
}
