/**
 * The body of an HTTP/2 answer, taken off its stream as it comes. What has arrived stays readable when the connection
 * ends right behind it, as with a server that answers and then stops; read late from the stream, it would be lost.
 *
 * Past {@link UNREAD_BYTES_MAX} unread the stream is paused, and HTTP/2's flow control holds the server back.
 */
import { type ClientHttp2Stream, constants } from 'node:http2';

const UNREAD_BYTES_MAX = 1024 * 1024;

export class IncomingBody {
  readonly #stream: ClientHttp2Stream;
  /** What the server announced; `undefined` for a body that streams. */
  readonly #announcedBytes: number | undefined;
  readonly #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #arrivedBytes = 0;
  #isOver = false;
  #isWhole = false;
  #wake: () => void = () => {};

  /** Called in the turn in which the head arrived. */
  constructor(stream: ClientHttp2Stream, contentLength: string | undefined) {
    this.#stream = stream;
    this.#announcedBytes = contentLength === undefined ? undefined : Number(contentLength);
    stream.on('data', (chunk: Uint8Array) => this.#onData(chunk));
    stream.once('end', () => this.#onOver());
    stream.once('close', () => this.#onOver());
  }

  /** All that was sent has arrived. Meaningful once {@link chunks} is at its end. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Ends with the body, whole or not. Read once. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#unread.shift();
      if (chunk !== undefined) {
        this.#unreadBytes -= chunk.length;
        if (this.#unreadBytes <= UNREAD_BYTES_MAX) this.#stream.resume();
        yield chunk;
      } else if (this.#isOver) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #onData(chunk: Uint8Array): void {
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    this.#arrivedBytes += chunk.length;
    if (this.#unreadBytes > UNREAD_BYTES_MAX) this.#stream.pause();
    this.#wake();
  }

  /** A broken connection also ends the stream; the announced length, or else how the stream was closed, tells it apart. */
  #onOver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { aborted, rstCode } = this.#stream;
    this.#isWhole =
      this.#announcedBytes === undefined
        ? !aborted && (rstCode ?? constants.NGHTTP2_NO_ERROR) === constants.NGHTTP2_NO_ERROR
        : this.#arrivedBytes === this.#announcedBytes;
    this.#wake();
  }
}
