/**
 * Tokens of service accounts: issued for TokenRequest, and accepted only as long as what they are bound to lives. A token
 * dies with its Pod and its ServiceAccount, not first when it expires.
 *
 * @see pkg/serviceaccount/claims.go and jwt.go in kubernetes/kubernetes
 */
import type { UserInfo } from '../../api/message.ts';
import { type Clock, parseTimestamp, toTimestamp } from '../../base/clock.ts';
import { type Random, randomUid } from '../../base/random.ts';
import type { TokenIssueRequest, TokenIssuer, TokenVerifier, VerifiedToken } from '../interfaces.ts';
import type { BoundReference, SignatureVerifier, TokenClaims, TokenSigner } from './token-signature.ts';

/** The live objects that tokens are bound to. */
export interface TokenSubjects {
  /** Metadata of the object as the store holds it now; undefined when there is none. `namespace` is `''` for nodes. */
  find(resource: BindableResource, namespace: string, name: string): SubjectMeta | undefined;
}

export type BindableResource = 'serviceaccounts' | 'pods' | 'secrets' | 'nodes';

export interface SubjectMeta {
  readonly uid: string;
  readonly deletionTimestamp?: string;
}

export interface ServiceAccountTokenOptions {
  /** `https://kubernetes.default.svc.cluster.local`: who issues, and the audience where none is asked for. */
  issuer: string;
  /** Audiences that this API server answers to. */
  apiAudiences: readonly string[];
}

export interface ServiceAccountTokens extends TokenIssuer, TokenVerifier {
  issue(request: TokenIssueRequest): Promise<{ token: string; expirationTimestamp: string }>;
  /** As {@link TokenVerifier.verify}, at once. No `audiences`: the server's own. */
  check(token: string, audiences?: readonly string[]): VerifiedToken | undefined;
}

/** A token outlives the deletion mark of what it is bound to by this much: graceful shutdowns still need it. */
const DELETION_LEEWAY_MS = 60_000;
const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

export interface TokenSources {
  clock: Clock;
  random: Random;
  keys: TokenSigner & SignatureVerifier;
  subjects: TokenSubjects;
}

export function newServiceAccountTokens(
  sources: TokenSources,
  options: ServiceAccountTokenOptions,
): ServiceAccountTokens {
  return new BoundTokens(sources, options);
}

class BoundTokens implements ServiceAccountTokens {
  readonly #sources: TokenSources;
  readonly #options: ServiceAccountTokenOptions;

  constructor(sources: TokenSources, options: ServiceAccountTokenOptions) {
    this.#sources = sources;
    this.#options = options;
  }

  async issue(request: TokenIssueRequest): Promise<{ token: string; expirationTimestamp: string }> {
    const issuedAt = Math.floor(this.#sources.clock.now() / 1000);
    const claims = this.#toClaims(request, issuedAt);
    return {
      token: this.#sources.keys.sign(claims),
      expirationTimestamp: toTimestamp(claims.exp * 1000),
    };
  }

  async verify(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined> {
    return this.check(token, audiences);
  }

  check(token: string, audiences: readonly string[] = []): VerifiedToken | undefined {
    const claims = this.#sources.keys.verify(token);
    if (!claims || !isWellFormed(claims) || claims.iss !== this.#options.issuer) return undefined;
    const wanted = audiences.length > 0 ? audiences : this.#options.apiAudiences;
    const common = wanted.filter((audience) => claims.aud.includes(audience));
    if (common.length === 0 || !this.#isTimely(claims) || !this.#isBoundToLiving(claims)) return undefined;
    return { user: toUser(claims), audiences: common };
  }

  #toClaims(request: TokenIssueRequest, issuedAt: number): TokenClaims {
    const { namespace, serviceAccount, audiences, boundObject, node } = request;
    const reference = boundObject && { name: boundObject.name, uid: boundObject.uid };
    return {
      iss: this.#options.issuer,
      sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
      aud: audiences.length > 0 ? [...audiences] : [...this.#options.apiAudiences],
      exp: issuedAt + request.expirationSeconds,
      iat: issuedAt,
      nbf: issuedAt,
      jti: randomUid(this.#sources.random),
      'kubernetes.io': {
        namespace,
        serviceaccount: { name: serviceAccount.name, uid: serviceAccount.uid },
        ...(reference ? { [boundObject.kind.toLowerCase()]: reference } : {}),
        ...(node ? { node: { name: node.name, uid: node.uid } } : {}),
      },
    };
  }

  #isTimely({ nbf, exp }: TokenClaims): boolean {
    const now = this.#sources.clock.now() / 1000;
    return nbf <= now && now < exp;
  }

  #isBoundToLiving(claims: TokenClaims): boolean {
    const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
    return (
      this.#lives('serviceaccounts', namespace, serviceaccount) &&
      (!pod || this.#lives('pods', namespace, pod)) &&
      (!secret || this.#lives('secrets', namespace, secret)) &&
      // Beside a Pod the node is only told, and the Pod's own life decides.
      (!node || pod !== undefined || this.#lives('nodes', '', node))
    );
  }

  #lives(resource: BindableResource, namespace: string, { name, uid }: BoundReference): boolean {
    const found = this.#sources.subjects.find(resource, namespace, name);
    if (found?.uid !== uid) return false;
    const deletedMs = parseTimestamp(found.deletionTimestamp);
    return deletedMs === undefined || this.#sources.clock.now() < deletedMs + DELETION_LEEWAY_MS;
  }
}

/** The signature proves who wrote the claims, not which version of a program did. */
function isWellFormed(claims: TokenClaims): boolean {
  const own = claims['kubernetes.io'];
  const isReference = (value: BoundReference | undefined) =>
    typeof value?.name === 'string' && typeof value.uid === 'string';
  return (
    Array.isArray(claims.aud) &&
    Number.isFinite(claims.exp) &&
    Number.isFinite(claims.nbf) &&
    typeof own?.namespace === 'string' &&
    isReference(own.serviceaccount) &&
    [own.pod, own.secret, own.node].every((value) => value === undefined || isReference(value)) &&
    claims.sub === `system:serviceaccount:${own.namespace}:${own.serviceaccount.name}`
  );
}

function toUser(claims: TokenClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
  const extra: Record<string, string[]> = {};
  if (claims.jti) extra[CREDENTIAL_ID] = [`JTI=${claims.jti}`];
  for (const [kind, reference] of Object.entries({ pod, node })) {
    if (!reference) continue;
    extra[`authentication.kubernetes.io/${kind}-name`] = [reference.name];
    extra[`authentication.kubernetes.io/${kind}-uid`] = [reference.uid];
  }
  return {
    username: claims.sub,
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra,
  };
}
