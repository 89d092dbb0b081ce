/**
 * `kubectl --as`: who may impersonate acts as somebody else, in everything that follows. Each part that is taken over
 * (user, every group, uid, every extra) needs the permission `impersonate` of its own.
 *
 * @see k8s.io/apiserver/pkg/endpoints/filters/impersonation.go
 */
import type { ApiRequest, UserInfo } from '../../api/message.ts';
import { StatusError } from '../../base/status-error.ts';
import { newAccessDenied } from '../authz/access-denied.ts';
import type { AccessAttributes, RequestAuthorizer } from '../interfaces.ts';
import { AUTHENTICATED_GROUP } from './authenticated-group.ts';

const USER = 'impersonate-user';
const GROUP = 'impersonate-group';
const UID = 'impersonate-uid';
const EXTRA = 'impersonate-extra-';
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** Whether the request asks to be somebody else's. */
export function isImpersonating({ headers }: ApiRequest): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/**
 * Whom `user` acts as: whom the headers name, if `authorizer` allows.
 *
 * @throws StatusError Forbidden; BadRequest when something is asked for without a user
 */
export async function impersonate(
  user: UserInfo,
  { headers }: ApiRequest,
  authorizer: RequestAuthorizer,
): Promise<UserInfo> {
  const username = headers[USER];
  if (!username) {
    throw new StatusError('BadRequest', 'requested impersonation without impersonating a user');
  }
  const groups = toList(headers[GROUP]);
  const uid = headers[UID];
  const extra = toExtra(headers);
  for (const target of targets(user, { username, groups, extra, ...(uid ? { uid } : {}) })) {
    const { allowed, reason } = await authorizer.authorize(target);
    if (!allowed) throw newAccessDenied(target, reason);
  }
  return {
    username,
    groups: impliedGroups(username, groups),
    ...(uid ? { uid } : {}),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

/** One authorization question for each part. */
function targets(user: UserInfo, wanted: UserInfo): AccessAttributes[] {
  const account = SERVICE_ACCOUNT.exec(wanted.username);
  const base = {
    user,
    isResourceRequest: true,
    verb: 'impersonate',
    path: '',
    group: '',
    version: 'v1',
    subresource: '',
    namespace: '',
  };
  const ofUsers = { ...base, group: 'authentication.k8s.io' };
  return [
    account
      ? { ...base, resource: 'serviceaccounts', namespace: account[1]!, name: account[2]! }
      : { ...base, resource: 'users', name: wanted.username },
    ...wanted.groups.map((name) => ({ ...base, resource: 'groups', name })),
    ...(wanted.uid ? [{ ...ofUsers, resource: 'uids', name: wanted.uid }] : []),
    ...Object.entries(wanted.extra ?? {}).flatMap(([key, values]) =>
      values.map((name) => ({ ...ofUsers, resource: 'userextras', subresource: key, name })),
    ),
  ];
}

/** The groups that a user of that name has by nature, unless others were asked for. */
function impliedGroups(username: string, groups: readonly string[]): string[] {
  const account = SERVICE_ACCOUNT.exec(username);
  const own =
    account && groups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`] : [];
  const all = [...groups, ...own];
  if (username === 'system:anonymous') return all.length > 0 ? all : ['system:unauthenticated'];
  return all.includes(AUTHENTICATED_GROUP) ? all : [...all, AUTHENTICATED_GROUP];
}

function toExtra(headers: Readonly<Record<string, string>>): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(EXTRA)) extra[decode(name.slice(EXTRA.length))] = toList(value);
  }
  return extra;
}

/** A header that came several times arrives joined. */
function toList(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Keys are percent-encoded in header names. */
function decode(key: string): string {
  return key.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
