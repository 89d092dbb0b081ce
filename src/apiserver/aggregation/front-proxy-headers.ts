/**
 * How the API server tells an extension API server who asks.
 *
 * @see k8s.io/client-go/transport/round_trippers.go SetAuthProxyHeaders, headerKeyEscape
 */
import { FRONT_PROXY_NAME } from '../../api/api-service.ts';
import type { UserInfo } from '../../api/message.ts';

const USERNAME_HEADER = 'X-Remote-User';
const UID_HEADER = 'X-Remote-Uid';
const GROUP_HEADER = 'X-Remote-Group';
const EXTRA_PREFIX = 'X-Remote-Extra-';

/** What extension API servers read in `extension-apiserver-authentication` to be able to understand {@link toIdentityHeaders}. */
export const REQUEST_HEADER_SETTINGS: Readonly<Record<string, string>> = {
  'requestheader-allowed-names': JSON.stringify([FRONT_PROXY_NAME]),
  'requestheader-extra-headers-prefix': JSON.stringify([EXTRA_PREFIX]),
  'requestheader-group-headers': JSON.stringify([GROUP_HEADER]),
  'requestheader-uid-headers': JSON.stringify([UID_HEADER]),
  'requestheader-username-headers': JSON.stringify([USERNAME_HEADER]),
};

/** Names in lower case. */
export function toIdentityHeaders(user: UserInfo): Record<string, readonly string[]> {
  const headers: Record<string, readonly string[]> = { [USERNAME_HEADER.toLowerCase()]: [user.username] };
  if (user.uid !== undefined && user.uid !== '') headers[UID_HEADER.toLowerCase()] = [user.uid];
  if (user.groups.length > 0) headers[GROUP_HEADER.toLowerCase()] = user.groups;
  for (const [key, values] of Object.entries(user.extra ?? {})) {
    if (values.length > 0) headers[EXTRA_PREFIX.toLowerCase() + escapeKey(key)] = values;
  }
  return headers;
}

const encoder = new TextEncoder();
/** What may stand in a header's name; `%` may, too, and would then be read as an escape. */
const LEGAL = /[!#$&'*+.^_`|~0-9A-Za-z-]/;

/** `example.com/roles` → `example.com%2froles`: in lower case, as headers are, where the other side ignores the case. */
function escapeKey(key: string): string {
  return [...encoder.encode(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return LEGAL.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('')
    .toLowerCase();
}
