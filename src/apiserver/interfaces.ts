/**
 * What the API server needs from others, as narrow as it uses them. `api-server.ts` takes one of each.
 */
import type { ApiRequest, ApiResponse, UserInfo } from '../api/message.ts';

/** Who sends the request. @throws StatusError Unauthorized for credentials that prove nothing */
export interface RequestAuthenticator {
  authenticate(request: ApiRequest): UserInfo | Promise<UserInfo>;
}

export interface AccessAttributes {
  user: UserInfo;
  isResourceRequest: boolean;
  verb: string;
  path: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  /** Of a list or watch, as received: an agent may list only the Pods of its own node. */
  fieldSelector?: string | undefined;
}

export interface AccessDecision {
  allowed: boolean;
  /** No other authorizer may allow it. */
  denied?: boolean;
  reason?: string;
  evaluationError?: string;
}

export interface RequestAuthorizer {
  authorize(attributes: AccessAttributes): AccessDecision | Promise<AccessDecision>;
}

/** What `user` may do in `namespace`, for SelfSubjectRulesReview. */
export interface RulesResolver {
  rulesFor(user: UserInfo, namespace: string): AccessRules | Promise<AccessRules>;
}

export interface AccessRules {
  resourceRules: { verbs: string[]; apiGroups?: string[]; resources?: string[]; resourceNames?: string[] }[];
  nonResourceRules: { verbs: string[]; nonResourceURLs?: string[] }[];
  incomplete: boolean;
  evaluationError?: string;
}

/** Verifies a bearer token for TokenReview; `undefined` when it proves nothing. */
export interface TokenVerifier {
  verify(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined>;
}

export interface VerifiedToken {
  user: UserInfo;
  audiences: string[];
}

export interface TokenIssuer {
  issue(request: TokenIssueRequest): Promise<{ token: string; expirationTimestamp: string }>;
}

export interface TokenIssueRequest {
  namespace: string;
  serviceAccount: { name: string; uid: string };
  /** Empty: the server's own audience. */
  audiences: readonly string[];
  expirationSeconds: number;
  boundObject?: { apiVersion: string; kind: string; name: string; uid: string };
  /** Of a token bound to a Pod: the node that it runs on. */
  node?: { name: string; uid: string };
}

/** Paths outside the table of kinds: discovery, OpenAPI, health, version, metrics. */
export interface PathResponder {
  /** `undefined` when the path is not one of its own. */
  respond(request: ApiRequest, user: UserInfo): ApiResponse | undefined | Promise<ApiResponse | undefined>;
}
