/**
 * Blocks of PEM in a text, as Go's `pem.Decode` finds them: what is no block is passed over. Each end is met with the nearest
 * begin before it, so a text of a million begins costs no more than its length.
 */
import { fromBase64 } from '../../base/base64.ts';

interface PemBlock {
  label: string;
  hasHeaders: boolean;
  bytes: Uint8Array;
}

const BEGIN = '-----BEGIN ';
const END = '-----END ';

export function* pemBlocks(text: string): Generator<PemBlock, void> {
  let from = 0;
  for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END, from)) {
    const part = text.slice(from, end);
    from = end + END.length;
    const begin = part.lastIndexOf(BEGIN);
    if (begin < 0 || (begin > 0 && part[begin - 1] !== '\n')) continue;
    const inside = part.slice(begin + BEGIN.length);
    const lineEnd = inside.indexOf('\n');
    const label = inside.slice(0, lineEnd).trimEnd();
    if (lineEnd < 0 || !label.endsWith('-----') || !text.startsWith(label, from)) continue;
    const block = readBody(inside.slice(lineEnd + 1));
    if (block !== undefined) yield { label: label.slice(0, -'-----'.length), ...block };
  }
}

/** Lines of headers hold a colon, which base64 does not. */
function readBody(body: string): Omit<PemBlock, 'label'> | undefined {
  const lastHeader = body.lastIndexOf(':');
  const contents = lastHeader < 0 ? body : body.slice(body.indexOf('\n', lastHeader) + 1);
  try {
    return { hasHeaders: lastHeader >= 0, bytes: fromBase64(contents.replace(/\s+/g, '')) };
  } catch {
    return undefined;
  }
}
