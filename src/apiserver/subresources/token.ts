/**
 * `serviceaccounts/token`: issues a token bound to the account and, when asked, to a Pod, Secret or Node.
 *
 * @see kubernetes/kubernetes pkg/registry/core/serviceaccount/storage/token.go
 */
import type { TokenRequest } from '../../api/generated/authentication-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { ApiResponse } from '../../api/message.ts';
import { gvkText, splitApiVersion } from '../../api/meta.ts';
import { NODES, PODS, type ResourceRow, SECRETS, SERVICE_ACCOUNTS } from '../../api/resources.ts';
import { type FieldError, toInvalidError } from '../../api/validation/field-error.ts';
import { validateTokenName, validateTokenRequest } from '../../api/validation/token-request.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { StoredObject } from '../../store/store.ts';
import { type ApiObject, objectOf } from '../api-object.ts';
import { nodeOfUser } from '../authz/node-authorizer.ts';
import { requireOwnPod } from '../authz/node-restriction.ts';
import { isAudienceOfPod, type ObjectLookup } from '../authz/token-audience.ts';
import { decodeAs } from '../decode.ts';
import { newBadRequest, newConflict, newForbidden, newNotFound } from '../errors.ts';
import type { TokenIssueRequest } from '../interfaces.ts';
import { readObject, type Target } from '../registry/registry.ts';
import { parseBody } from '../request-body.ts';
import { valueResponse } from '../responses.ts';
import { type ResourceCall, type ServerContext, targetOf } from '../server-context.ts';
import { requiredBody } from '../verbs.ts';
import { askAboutPosted } from './ask-webhooks.ts';

const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const DEFAULT_SECONDS = 3600;
const BOUND_ROWS: Readonly<Record<string, ResourceRow>> = { Pod: PODS, Secret: SECRETS, Node: NODES };

export async function createToken(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const target = targetOf(call);
  const { value } = requiredBody(parseBody(call.request, TOKEN_REQUEST));
  const request = decodeAs(value, TOKEN_REQUEST, { fieldValidation: 'Ignore' })
    .object as unknown as TokenRequest;
  call.audit?.requested(request);
  const check = () => prepare(server, target, request);
  await askAboutPosted(server, call, request as unknown as ApiObject, { dryRun: false, check });
  const account = accountOf(server, target);
  const bound = boundTo(server, call, request);
  await requireAudience(server, call, request);
  const { audiences = [], expirationSeconds = DEFAULT_SECONDS } = request.spec;
  const issued = await server.tokenIssuer.issue({
    namespace: target.namespace,
    serviceAccount: { name: target.name, uid: account.metadata.uid! },
    audiences,
    expirationSeconds,
    ...bound,
  });
  return valueResponse(201, { ...request, status: issued }, call.representation);
}

/** Gives the request what it leaves to the server. @throws StatusError for what it may not ask */
function prepare(server: ServerContext, target: Target, request: TokenRequest): void {
  const { name, namespace } = target;
  refuse(validateTokenName(request.metadata, target), name);
  accountOf(server, target);
  const spec = (request.spec as TokenRequest['spec'] | undefined) ?? { audiences: [] };
  request.spec = { ...spec, expirationSeconds: spec.expirationSeconds ?? DEFAULT_SECONDS };
  const creationTimestamp = toTimestamp(server.registry.clock.now());
  request.metadata = { ...request.metadata, name, namespace, creationTimestamp };
  refuse(validateTokenRequest(request), '');
}

/** @throws StatusError NotFound */
function accountOf({ registry }: ServerContext, target: Target): ApiObject {
  const account = readObject(registry.store, target);
  if (account === undefined) throw newNotFound(target.row, target.name);
  return objectOf(account);
}

function refuse(errors: readonly FieldError[], name: string): void {
  if (errors.length > 0) throw toInvalidError(TOKEN_REQUEST, name, errors);
}

function boundTo(
  server: ServerContext,
  call: ResourceCall,
  { spec }: TokenRequest,
): Pick<TokenIssueRequest, 'boundObject' | 'node'> {
  const reference = spec?.boundObjectRef;
  requireOwnPod(call.user, call.info.name, reference, podNamed(server, call, reference?.name));
  if (reference === undefined) return {};
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
  const { group, version } = splitApiVersion(apiVersion);
  const row = group === '' && Object.hasOwn(BOUND_ROWS, kind) ? BOUND_ROWS[kind] : undefined;
  if (row === undefined)
    throw newBadRequest(`cannot bind token to object of type ${gvkText({ group, version, kind })}`);
  const namespace = row.namespaced ? call.info.namespace : '';
  const bound = readObject(server.registry.store, { row, namespace, name });
  if (bound === undefined) throw newNotFound(row, name);
  const actual = objectOf(bound).metadata.uid!;
  if (uid !== '' && uid !== actual) {
    throw newConflict(
      { group, resource: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (row === PODS) checkAccount(bound, call.info.name);
  return { boundObject: { apiVersion, kind, name, uid: actual }, ...nodeOf(server, row, bound) };
}

/** An agent asks for whom its Pod says, or for whom it was given the permission. */
async function requireAudience(
  { registry, authorizer }: ServerContext,
  { user, info }: ResourceCall,
  { spec }: TokenRequest,
): Promise<void> {
  if (nodeOfUser(user) === undefined) return;
  const [audience = '', ...others] = spec?.audiences ?? [];
  if (others.length > 0)
    throw newForbidden(SERVICE_ACCOUNTS, info.name, 'node may only request 0 or 1 audiences');
  const find: ObjectLookup = (row, namespace, name) =>
    readObject(registry.store, { row, namespace, name })?.value;
  const pod = find(PODS, info.namespace, spec?.boundObjectRef?.name ?? '') as Pod;
  if (isAudienceOfPod(pod, audience, find)) return;
  const verb = 'request-serviceaccounts-token-audience';
  const about = { ...info, verb, group: '', version: 'v1', resource: audience, subresource: '', path: '' };
  if (audience !== '' && (await authorizer.authorize({ ...about, user })).allowed) return;
  throw newForbidden(
    SERVICE_ACCOUNTS,
    info.name,
    `audience ${JSON.stringify(audience)} not found in pod spec volume, ${user.username} is not authorized to request tokens for this audience`,
  );
}

function podNamed({ registry }: ServerContext, { info }: ResourceCall, name = ''): Pod | undefined {
  const stored = readObject(registry.store, { row: PODS, namespace: info.namespace, name });
  return stored?.value as unknown as Pod | undefined;
}

function checkAccount(pod: StoredObject, account: string): void {
  const { serviceAccountName } = (pod.value as unknown as Pod).spec;
  if (serviceAccountName !== account) {
    throw newBadRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    );
  }
}

function nodeOf(
  { registry }: ServerContext,
  row: ResourceRow,
  bound: StoredObject,
): Pick<TokenIssueRequest, 'node'> {
  const name = row === PODS ? (bound.value as unknown as Pod).spec.nodeName : undefined;
  if (!name) return {};
  const node = readObject(registry.store, { row: NODES, namespace: '', name });
  return node === undefined ? {} : { node: { name, uid: objectOf(node).metadata.uid! } };
}
