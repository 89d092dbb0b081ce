/**
 * Tokens by which a machine joins a cluster: `abcdef.0123456789abcdef`, kept as a Secret `bootstrap-token-abcdef` of type
 * `bootstrap.kubernetes.io/token` in kube-system. Who bears one is `system:bootstrap:abcdef`, in `system:bootstrappers` and what
 * other such groups the Secret names.
 *
 * @see kubernetes/kubernetes plugin/pkg/auth/authenticator/token/bootstrap
 */
import type { Secret } from '../../api/generated/core-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import { fromBase64 } from '../../base/base64.ts';
import type { Clock } from '../../base/clock.ts';
import { AUTHENTICATED_GROUP } from './authenticated-group.ts';
import type { TokenCheck } from './token-check.ts';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const SECRET_TYPE = 'bootstrap.kubernetes.io/token';
const NAMESPACE = 'kube-system';
const GROUP = 'system:bootstrappers';

/** Finds a Secret as the store holds it now. */
export type SecretLookup = (namespace: string, name: string) => Secret | undefined;

/** @param apiAudiences  what the API server answers to: these tokens are for nobody else */
export function newBootstrapTokens(
  clock: Clock,
  findSecret: SecretLookup,
  apiAudiences: readonly string[],
): TokenCheck {
  return {
    check(token, audiences = []) {
      const [, id, password] = TOKEN.exec(token) ?? [];
      if (id === undefined || password === undefined) return undefined;
      const common =
        audiences.length === 0 ? apiAudiences : apiAudiences.filter((own) => audiences.includes(own));
      const secret = findSecret(NAMESPACE, `bootstrap-token-${id}`);
      if (common.length === 0 || secret === undefined) return undefined;
      const user = bearerOf(secret, { id, password }, clock.now());
      return user && { user, audiences: [...common] };
    },
  };
}

function bearerOf(
  { type, data, metadata }: Secret,
  { id, password }: { id: string; password: string },
  nowMs: number,
): UserInfo | undefined {
  const field = (name: string) => textOf(data?.[name]);
  const isGood =
    type === SECRET_TYPE &&
    metadata.deletionTimestamp === undefined &&
    isSame(field('token-secret'), password) &&
    field('token-id') === id &&
    field('usage-bootstrap-authentication') === 'true' &&
    !isExpired(field('expiration'), nowMs);
  const groups = isGood ? groupsOf(field('auth-extra-groups')) : undefined;
  return groups && { username: `system:bootstrap:${id}`, groups: [...groups, AUTHENTICATED_GROUP] };
}

/** In a time that does not tell how much of it was right. */
function isSame(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  return difference === 0;
}

/** A date that cannot be read has passed. */
function isExpired(expiration: string, nowMs: number): boolean {
  if (expiration === '') return false;
  const atMs = Date.parse(expiration);
  return !(nowMs < atMs);
}

/** One group that nobody may be given makes the token worthless. */
function groupsOf(extra: string): string[] | undefined {
  const groups = extra
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
  return groups.every((group) => EXTRA_GROUP.test(group))
    ? [...new Set([GROUP, ...groups])].sort()
    : undefined;
}

function textOf(base64: string | undefined): string {
  if (base64 === undefined) return '';
  try {
    return new TextDecoder().decode(fromBase64(base64));
  } catch {
    return '';
  }
}
