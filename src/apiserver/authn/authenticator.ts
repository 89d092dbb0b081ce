/**
 * Who sends a request: the same process, a client certificate, a token, or nobody. The first proof that
 * holds decides. A proof that does not hold is refused even where nobody would be let in: `401`, never `anonymous`.
 *
 * @see k8s.io/apiserver/pkg/authentication/request: x509, bearertoken, union, anonymous
 */
import type { ApiRequest, PeerCertificate, UserInfo } from '../../api/message.ts';
import type { Clock } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import type { RequestAuthenticator } from '../interfaces.ts';
import { AUTHENTICATED_GROUP } from './authenticated-group.ts';
import type { TokenCheck } from './token-check.ts';

/** RBAC lets it read `/livez`, `/readyz`, `/healthz` and `/version`, and nothing else. */
const ANONYMOUS: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

export interface Authenticator extends RequestAuthenticator {
  /** @throws StatusError Unauthorized for a certificate or a token that proves nothing */
  authenticate(request: ApiRequest): UserInfo;
}

export function newAuthenticator(clock: Clock, tokens: TokenCheck): Authenticator {
  const users = new WeakMap<PeerCertificate, UserInfo>();
  return {
    authenticate({ peer, headers }) {
      if (peer.kind === 'internal') return peer.user;
      const { certificate } = peer;
      const isValid = certificate?.trusted && clock.now() < certificate.notAfterMs;
      if (isValid && certificate.commonName !== '') return rememberedUser(users, certificate);
      const token = bearerToken(headers['authorization']);
      const verified = token === undefined ? undefined : tokens.check(token);
      if (verified) return verified.user;
      if (token !== undefined || (certificate && !isValid)) throw newUnauthorized();
      return ANONYMOUS;
    },
  };
}

/** A connection makes many requests with one certificate. */
function rememberedUser(users: WeakMap<PeerCertificate, UserInfo>, certificate: PeerCertificate): UserInfo {
  const known = users.get(certificate);
  if (known) return known;
  const user = toUser(certificate);
  users.set(certificate, user);
  return user;
}

function toUser({ commonName, organizations, fingerprint }: PeerCertificate): UserInfo {
  const id = fingerprint.replaceAll(':', '').toLowerCase();
  return {
    username: commonName,
    groups: [...organizations, AUTHENTICATED_GROUP],
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${id}`] },
  };
}

/** The token of `Authorization: Bearer TOKEN`; other schemes are not ours and count as no credentials at all. */
function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [scheme, token] = header.trim().split(' ');
  return scheme?.toLowerCase() === 'bearer' && token ? token : undefined;
}

export function newUnauthorized(): StatusError {
  return new StatusError('Unauthorized', 'Unauthorized');
}
