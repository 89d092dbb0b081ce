/** URLs. @see k8s.io/apiserver/pkg/cel/library/urls.go; Go's net/url ParseRequestURI */
import { CelError } from '../cel-error.ts';
import { fn, type Overload, scanning } from '../overload.ts';
import { CelOpaque, LiteralMap } from '../value.ts';

class CelUrl extends CelOpaque {
  readonly typeName = 'kubernetes.URL';
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(text: string, parts: { scheme: string; host: string; path: string; query: string }) {
    super();
    this.text = text;
    this.scheme = parts.scheme;
    this.host = parts.host;
    this.path = parts.path;
    this.query = parts.query;
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelUrl && other.text === this.text;
  }
}

const URL_TEXT = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?([^/?#]*))?([^?]*)(?:\?(.*))?$/s;
/** What a URL may not hold: what is no character of its own, and a percent sign that escapes nothing. */
const FORBIDDEN = /[\p{Cc} <>"]|%(?![0-9a-fA-F]{2})/u;

/** An absolute URI or an absolute path; `undefined` for what is neither. */
function parseUrl(text: string): CelUrl | undefined {
  const match = URL_TEXT.exec(text);
  if (match === null || FORBIDDEN.test(text)) return undefined;
  const [, scheme = '', host = '', path = '', query = ''] = match;
  if (scheme === '' && !text.startsWith('/')) return undefined;
  if (scheme !== '' && match[2] === undefined && !path.startsWith('/')) return undefined;
  if (!/^(?:\[[0-9a-fA-F:.%]+\]|[^:[\]]*)(?::\d*)?$/.test(host)) return undefined;
  return new CelUrl(text, { scheme: scheme.toLowerCase(), host, path, query });
}

function toUrl(text: string): CelUrl {
  const url = parseUrl(text);
  if (url === undefined)
    throw new CelError(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    );
  return url;
}

function hostName(host: string): string {
  return host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Each name with all its values. */
function queryOf({ query }: CelUrl): LiteralMap {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const map = new LiteralMap();
  for (const [name, list] of values) map.add(name, list);
  return map;
}

export const URLS: readonly Overload[] = [
  scanning('url(string): kubernetes.URL', toUrl),
  scanning('isURL(string): bool', (text: string) => parseUrl(text) !== undefined),
  fn('kubernetes.URL.getScheme(): string', ({ scheme }: CelUrl) => scheme),
  fn('kubernetes.URL.getHost(): string', ({ host }: CelUrl) => host),
  fn('kubernetes.URL.getHostname(): string', ({ host }: CelUrl) => hostName(host)),
  fn('kubernetes.URL.getPort(): string', ({ host }: CelUrl) => /:(\d*)$/.exec(host)?.[1] ?? ''),
  fn('kubernetes.URL.getEscapedPath(): string', ({ path }: CelUrl) => path),
  fn('kubernetes.URL.getQuery(): map<string, list<string>>', queryOf),
];
