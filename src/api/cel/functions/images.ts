/** References of container images. @see k8s.io/apiserver/pkg/cel/library/image.go; github.com/google/go-containerregistry pkg/name */
import { CelError } from '../cel-error.ts';
import { fn, type Overload, scanning } from '../overload.ts';
import { CelOpaque } from '../value.ts';

const DEFAULT_REGISTRY = 'index.docker.io';
const DEFAULT_TAG = 'latest';
const REPOSITORY = /^(?=.{2,255}$)[a-z0-9_.-]+(?:\/[a-z0-9_.-]+)*$/;
const REGISTRY = /^[A-Za-z0-9._-]+(?::\d+)?$|^\[[0-9a-fA-F:]+\](?::\d+)?$/;
const TAG = /^[A-Za-z0-9_.-]{1,128}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

class CelImage extends CelOpaque {
  readonly typeName = 'kubernetes.Image';
  readonly registry: string;
  readonly repository: string;
  /** One of both is there. */
  readonly tag: string;
  readonly digest: string;

  constructor(place: { registry: string; repository: string }, tag: string, digest: string) {
    super();
    this.registry = place.registry;
    this.repository = place.repository;
    this.tag = tag;
    this.digest = digest;
  }

  get identifier(): string {
    return this.digest || this.tag;
  }

  override equals(other: CelOpaque): boolean {
    if (!(other instanceof CelImage)) return false;
    const { registry, repository, identifier } = this;
    return other.registry === registry && other.repository === repository && other.identifier === identifier;
  }
}

function parseImage(text: string): CelImage | undefined {
  const [tagged = '', digest, ...rest] = text.split('@');
  if (rest.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return undefined;
  const colon = tagged.lastIndexOf(':');
  const hasTag = colon > tagged.lastIndexOf('/');
  const tag = hasTag ? tagged.slice(colon + 1) : DEFAULT_TAG;
  const place = parsePlace(hasTag ? tagged.slice(0, colon) : tagged);
  if (place === undefined || !TAG.test(tag)) return undefined;
  return digest === undefined ? new CelImage(place, tag, '') : new CelImage(place, '', digest);
}

/** What stands before the first slash is a registry when it looks like a host. */
function parsePlace(text: string): { registry: string; repository: string } | undefined {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(0, slash));
  const isHost = /[.:]/.test(first) || first === 'localhost';
  const registry = isHost ? first.replace(/^docker\.io$/, DEFAULT_REGISTRY) : DEFAULT_REGISTRY;
  const repository = isHost ? text.slice(slash + 1) : text;
  if (!REGISTRY.test(registry) || !REPOSITORY.test(repository)) return undefined;
  const isOfficial = registry === DEFAULT_REGISTRY && !repository.includes('/');
  return { registry, repository: isOfficial ? `library/${repository}` : repository };
}

function toImage(text: string): CelImage {
  const image = parseImage(text);
  if (image === undefined) throw new CelError(`could not parse reference: ${text}`);
  return image;
}

export const IMAGES: readonly Overload[] = [
  scanning('image(string): kubernetes.Image', toImage),
  scanning('isImage(string): bool', (text: string) => parseImage(text) !== undefined),
  fn('kubernetes.Image.containsDigest(): bool', ({ digest }: CelImage) => digest !== ''),
  fn('kubernetes.Image.registry(): string', ({ registry }: CelImage) => registry),
  fn('kubernetes.Image.repository(): string', ({ repository }: CelImage) => repository),
  fn('kubernetes.Image.identifier(): string', ({ identifier }: CelImage) => identifier),
  fn('kubernetes.Image.tag(): string', ({ tag }: CelImage) => tag),
  fn('kubernetes.Image.digest(): string', ({ digest }: CelImage) => digest),
];
