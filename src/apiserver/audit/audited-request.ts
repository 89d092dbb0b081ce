/** What the audit log says of a request before anything is known of its answer. */
import type { ApiRequest } from '../../api/message.ts';
import { type Random, randomUid } from '../../base/random.ts';
import type { RequestInfo } from '../route.ts';
import type { AuditedObject } from './audit-event.ts';

const AUDIT_ID_MAX = 64;
const USER_AGENT_MAX = 1024;
/** What may stand in a header without being taken for another. */
const PRINTABLE = /^[\x21-\x7e]+$/;
const IP_V4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const IP_V6 = /^[0-9a-f:]*:[0-9a-f:.]*$/i;

/** As the client calls the request, when it does, so that the logs of several servers tell one story; else a new one. */
export function auditIdOf({ headers }: ApiRequest, random: Random): string {
  const given = headers['audit-id'];
  if (given === undefined || !PRINTABLE.test(given)) return randomUid(random);
  return given.slice(0, AUDIT_ID_MAX);
}

export function requestUriOf({ path, rawQuery, query }: ApiRequest): string {
  const text = rawQuery ?? query.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function userAgentOf({ headers }: ApiRequest): string | undefined {
  const agent = headers['user-agent'];
  return agent === undefined || agent.length <= USER_AGENT_MAX
    ? agent
    : `${agent.slice(0, USER_AGENT_MAX)}...TRUNCATED`;
}

/**
 * The way that the request says it came, nearest last: what proxies add (and clients may invent), then the connection's own
 * address. Empty within the process.
 *
 * @see k8s.io/apimachinery/pkg/util/net/http.go SourceIPs
 */
export function sourceIpsOf({ peer, headers }: ApiRequest): string[] {
  if (peer.kind === 'internal') return [];
  const forwarded = (headers['x-forwarded-for'] ?? '').split(',').map((ip) => ip.trim());
  const real = headers['x-real-ip']?.trim() ?? '';
  const ips = forwarded.filter(isIp);
  if (isIp(real) && !ips.includes(real)) ips.push(real);
  const own = peer.address.replace(/^::ffff:(?=\d+\.)/, '');
  if (own !== '' && ips.at(-1) !== own) ips.push(own);
  return ips;
}

function isIp(text: string): boolean {
  return IP_V4.test(text) || (text.length <= 45 && IP_V6.test(text));
}

export function objectRefOf(info: RequestInfo): AuditedObject {
  const { resource, namespace, name, group, version, subresource } = info;
  return {
    ...(resource === '' ? {} : { resource }),
    ...(namespace === '' ? {} : { namespace }),
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { apiGroup: group }),
    ...(version === '' ? {} : { apiVersion: version }),
    ...(subresource === '' ? {} : { subresource }),
  };
}

/** How somebody tried to prove who he is. @see k8s.io/apiserver/pkg/endpoints/filters/authn_audit.go */
export function attemptedProofs({ peer, headers, query }: ApiRequest): string {
  const authorization = headers['authorization']?.trim() ?? '';
  const [scheme = '', credentials] = authorization.split(' ');
  const attempted = [
    ...(scheme.toLowerCase() === 'basic' && credentials ? ['basic'] : []),
    ...(scheme.toLowerCase() === 'bearer' && credentials ? ['bearer'] : []),
    ...(query.get('access_token') ? ['access_token'] : []),
    ...(peer.kind === 'remote' && peer.certificate ? ['x509'] : []),
  ];
  return attempted.length === 0
    ? 'Authentication failed, no credentials provided'
    : `Authentication failed, attempted: ${attempted.join(', ')}`;
}
