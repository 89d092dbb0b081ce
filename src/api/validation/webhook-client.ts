/** Where a webhook may be said to listen. @see k8s.io/apiserver/pkg/util/webhook/validation.go */
import type { WebhookClientConfig } from '../generated/admissionregistration-v1.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { dns1123SubdomainProblem, portNumberProblem } from './names.ts';

const FORM = '; desired format: https://host[/path]';
/** Scheme, authority, path, query, fragment. @see RFC 3986, appendix B */
const URL_PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;
const CONTROL_OR_SPACE = /[\p{Cc} ]/u;

export function webhookClientErrors(client: WebhookClientConfig | undefined, at: string): FieldError[] {
  const { url, service } = client ?? {};
  if ((url === undefined) === (service === undefined)) {
    return [required(at, 'exactly one of url or service is required')];
  }
  if (url !== undefined) return urlErrors(url, `${at}.url`);
  return serviceErrors(service!, `${at}.service`);
}

function urlErrors(url: string, at: string): FieldError[] {
  const parts = URL_PARTS.exec(url);
  if (parts === null || CONTROL_OR_SPACE.test(url)) {
    const why = `parse ${JSON.stringify(url)}: net/url: invalid control character or space in URL`;
    return [required(at, `url must be a valid URL: ${why}${FORM}`)];
  }
  const [, scheme = '', authority = '', , query = '', fragment = ''] = parts;
  const userEnd = authority.lastIndexOf('@');
  const host = authority.slice(userEnd + 1);
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https') {
    errors.push(invalid(at, scheme, `'https' is the only allowed URL scheme${FORM}`));
  }
  if (host === '') errors.push(invalid(at, host, `host must be provided${FORM}`));
  if (userEnd >= 0) {
    const user = authority.slice(0, userEnd);
    errors.push(invalid(at, user, 'user information is not permitted in the URL'));
  }
  if (fragment !== '') errors.push(invalid(at, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(at, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function serviceErrors(
  { name, namespace, path, port }: NonNullable<WebhookClientConfig['service']>,
  at: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${at}.name`, 'service name is required'));
  if (!namespace) errors.push(required(`${at}.namespace`, 'service namespace is required'));
  const problem = portNumberProblem(port ?? 0);
  if (problem !== undefined) errors.push(invalid(`${at}.port`, port ?? 0, `port is not valid: ${problem}`));
  return path === undefined ? errors : [...errors, ...pathErrors(path, `${at}.path`)];
}

function pathErrors(path: string, at: string): FieldError[] {
  if (path === '' || path === '/') return [];
  if (path === '//') return [invalid(at, path, 'segment[0] may not be empty')];
  const errors = path.startsWith('/') ? [] : [invalid(at, path, "must start with a '/'")];
  const segments = path.slice(1).replace(/\/$/, '').split('/');
  for (const [index, segment] of segments.entries()) {
    const problem = segment === '' ? undefined : dns1123SubdomainProblem(segment);
    if (segment === '') errors.push(invalid(at, path, `segment[${index}] may not be empty`));
    else if (problem !== undefined) errors.push(invalid(at, path, `segment[${index}]: ${problem}`));
  }
  return errors;
}
