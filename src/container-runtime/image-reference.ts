/**
 * Image references: `[domain/]path[:tag][@digest]`. Two spellings of one image compare equal once normalised.
 *
 * @see github.com/distribution/reference, normalize.go and regexp.go
 */
import { RuntimeError } from './runtime.ts';

const DOMAIN =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[+.\-_][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const NAME_MAX = 255;

/**
 * The canonical form: `web-app` is `docker.io/library/web-app:latest`. With a digest and no tag, no tag is added.
 *
 * @throws RuntimeError `InvalidImageName`
 */
export function normalizeImageReference(reference: string): string {
  const refuse = () =>
    new RuntimeError(
      'InvalidImageName',
      `couldn't parse image name "${reference}": invalid reference format`,
    );
  const [nameAndTag, digest] = splitOnce(reference, reference.indexOf('@'));
  const colon = nameAndTag.lastIndexOf(':');
  const [name, tag] = splitOnce(nameAndTag, colon > nameAndTag.lastIndexOf('/') ? colon : -1);
  if (tag !== undefined && !TAG.test(tag)) throw refuse();
  if (digest !== undefined && !DIGEST.test(digest)) throw refuse();
  const { domain, path } = splitDomain(name);
  if (!DOMAIN.test(domain) || !path.split('/').every((component) => PATH_COMPONENT.test(component)))
    throw refuse();
  if (domain.length + path.length + 1 > NAME_MAX) throw refuse();
  const version = tag ?? (digest === undefined ? 'latest' : undefined);
  return `${domain}/${path}${version === undefined ? '' : `:${version}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** A first component is a domain when it could not be a repository's: it has a dot, a port, capitals, or is `localhost`. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isDomain =
    slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const domain = isDomain ? first : 'docker.io';
  const path = isDomain ? name.slice(slash + 1) : name;
  if (domain === 'index.docker.io') return { domain: 'docker.io', path: withLibrary(path) };
  return { domain, path: domain === 'docker.io' ? withLibrary(path) : path };
}

function withLibrary(path: string): string {
  return path.includes('/') ? path : `library/${path}`;
}

function splitOnce(text: string, index: number): [string, string | undefined] {
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}
