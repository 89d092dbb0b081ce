/**
 * SPDY/3.1 header blocks: names and values with lengths, compressed in one zlib stream per direction and connection, primed
 * with the protocol's dictionary. The order of blocks is therefore the order of frames.
 *
 * @see The SPDY Protocol, draft 3.1, section 2.6.10
 */
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { SpdyError } from './frames.ts';

const PREFIXED = `options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age
allow authorization cache-control connection content-base content-encoding content-language content-length
content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since
if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate
proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning
www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin`;
const PLAIN = [
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505',
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized',
  '403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable',
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT',
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,',
  'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.',
];

/** The dictionary of SPDY/3: length-prefixed words, then plain text. Its Adler-32 is 0xe3c6a7c2. */
export const SPDY_DICTIONARY: Buffer = Buffer.concat([
  ...PREFIXED.split(/\s+/).map((word) => {
    const text = Buffer.from(word.replace('_', ' '), 'latin1');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, text]);
  }),
  Buffer.from(PLAIN.join(''), 'latin1'),
]);

/** Names in lower case; several values of one name are joined by a zero byte on the wire. */
export type SpdyHeaders = ReadonlyMap<string, string>;

const BLOCK_BYTES_MAX = 64 * 1024;
const HEADERS_MAX = 100;

export function encodePairs(headers: SpdyHeaders): Buffer {
  const parts: Buffer[] = [uint32(headers.size)];
  for (const [name, value] of headers) parts.push(lengthPrefixed(name.toLowerCase()), lengthPrefixed(value));
  return Buffer.concat(parts);
}

/** @throws SpdyError for a block that is malformed or has too many headers */
export function decodePairs(block: Buffer): Map<string, string> {
  let offset = 0;
  const take = (length: number): Buffer => {
    if (length > block.length - offset) throw new SpdyError('a header block is too short');
    offset += length;
    return block.subarray(offset - length, offset);
  };
  const count = take(4).readUInt32BE(0);
  if (count > HEADERS_MAX) throw new SpdyError(`${count} headers are too many`);
  const headers = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const name = take(take(4).readUInt32BE(0)).toString('utf8').toLowerCase();
    headers.set(name, take(take(4).readUInt32BE(0)).toString('utf8'));
  }
  return headers;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** The two compression contexts of a connection. Calls must not overlap. */
export class HeaderCodec {
  readonly #deflate: Deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
  readonly #inflate: Inflate = createInflate({
    dictionary: SPDY_DICTIONARY,
    finishFlush: constants.Z_SYNC_FLUSH,
  });

  encode(headers: SpdyHeaders): Promise<Buffer> {
    return passThrough(this.#deflate, encodePairs(headers));
  }

  async decode(block: Uint8Array): Promise<Map<string, string>> {
    return decodePairs(await passThrough(this.#inflate, block));
  }

  close(): void {
    this.#deflate.destroy();
    this.#inflate.destroy();
  }
}

/** Everything that `input` produces, flushed. */
function passThrough(stream: Deflate | Inflate, input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > BLOCK_BYTES_MAX) onError(new SpdyError('a header block is too large'));
      else chunks.push(chunk);
    };
    const detach = (): void => {
      stream.off('data', onData);
      stream.off('error', onError);
    };
    const onError = (error: Error): void => {
      detach();
      // A later error of the same stream has nobody to tell.
      stream.on('error', () => {});
      reject(
        error instanceof SpdyError ? error : new SpdyError(`a header block is damaged: ${error.message}`),
      );
    };
    stream.on('data', onData);
    stream.on('error', onError);
    stream.write(input);
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      detach();
      resolve(Buffer.concat(chunks));
    });
  });
}
