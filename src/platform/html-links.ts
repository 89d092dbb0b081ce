/**
 * A web page of a Pod or Service, its links as they lead there from where the client is: through the API server.
 *
 *     <a href="/login">   →   <a href="/api/v1/namespaces/default/services/web/proxy/login">
 *
 * Only tags that have such a link are written anew; everything else passes byte by byte, whatever its character set.
 * @see k8s.io/apimachinery pkg/util/proxy/transport.go atomsToAttrs
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Duplex, PassThrough, pipeline, Transform } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import type { Parser } from 'htmlparser2';

/** A tag or comment that is not over after so many characters ends the answer: it would be kept until it is. */
const HELD_MAX = 1024 * 1024;

const LINKS: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  track: ['src'],
  video: ['poster', 'src'],
};

/** How a page may be packed; what is packed otherwise passes as it is. */
const UNPACK: Readonly<Record<string, () => Duplex>> = {
  '': () => new PassThrough(),
  identity: () => new PassThrough(),
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
};

/** Headers that are not true any more of what {@link withPublicLinks} makes of a page. */
export const PACKING_HEADERS = /^content-(?:length|encoding|md5)$/;

export function isPage(headers: IncomingHttpHeaders): boolean {
  const isHtml = /^text\/html\s*(?:;|$)/i.test(headers['content-type'] ?? '');
  return isHtml && Object.hasOwn(UNPACK, packingOf(headers));
}

const packingOf = (headers: IncomingHttpHeaders) => (headers['content-encoding'] ?? '').trim().toLowerCase();

/**
 * The page unpacked, with its links rewritten.
 *
 * @param toPublic  gives back what it is given where that leads elsewhere, or there by itself
 */
export async function* withPublicLinks(
  page: IncomingMessage,
  toPublic: (link: string) => string,
): AsyncGenerator<Uint8Array> {
  const { Parser } = await import('htmlparser2');
  const rewriter = new LinkRewriter(Parser, toPublic);
  // As Latin-1 every byte is a character, and the other way round: tags and links are ASCII in every character set of the web.
  const rewritten = new Transform({
    transform: (chunk: Buffer, _, done) => attempt(() => rewriter.write(chunk.toString('latin1')), done),
    flush: (done) => attempt(() => rewriter.end(), done),
  });
  const unpacked = UNPACK[packingOf(page.headers)]!();
  yield* pipeline(page, unpacked, rewritten, () => {});
}

function attempt(rewrite: () => string, done: (error: Error | null, data?: Buffer) => void): void {
  try {
    done(null, Buffer.from(rewrite(), 'latin1'));
  } catch (error) {
    done(error as Error);
  }
}

/** Text in pieces goes in, and comes out as soon as it is known to be no part of a link. */
export class LinkRewriter {
  readonly #parser: Parser;
  readonly #toPublic: (link: string) => string;
  /** What has come in and not gone out; it begins at {@link #from} of the whole. */
  #held = '';
  #from = 0;
  #out = '';
  #links: readonly string[] = [];

  constructor(HtmlParser: typeof Parser, toPublic: (link: string) => string) {
    this.#toPublic = toPublic;
    this.#parser = new HtmlParser(
      {
        onopentagname: (name) => {
          this.#links = LINKS[name] ?? [];
        },
        onattribute: (name, value) => this.#attribute(name, value),
      },
      { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true },
    );
  }

  /** @throws Error when a tag or a comment does not end */
  write(text: string): string {
    this.#held += text;
    this.#parser.write(text);
    this.#pass(this.#parser.startIndex);
    if (this.#held.length > HELD_MAX) throw new Error('the page has a tag without an end');
    return this.#take();
  }

  end(): string {
    this.#parser.end();
    return this.#take() + this.#held;
  }

  #attribute(name: string, value: string): void {
    if (!this.#links.includes(name)) return;
    const link = this.#toPublic(value);
    if (link === value) return;
    const { startIndex, endIndex } = this.#parser;
    this.#pass(startIndex);
    this.#out += `${name}="${link.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`;
    this.#drop(endIndex);
  }

  /** What comes before the character `index` of the whole goes out as it is. */
  #pass(index: number): void {
    this.#out += this.#held.slice(0, Math.max(0, index - this.#from));
    this.#drop(index);
  }

  #drop(index: number): void {
    const count = Math.max(0, Math.min(index - this.#from, this.#held.length));
    this.#held = this.#held.slice(count);
    this.#from += count;
  }

  #take(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }
}
