/**
 * How values of covered resources look on disk:
 *
 *     k8s:enc:aesgcm:v1:KEY-NAME:<nonce 12 bytes><ciphertext><tag 16 bytes>
 *
 * The storage key is authenticated with each value, so that one that is moved to another object's place is not taken for
 * that object's. Values are opened with whichever listed key they name; the first provider seals. A value without the mark
 * is plain, which only `identity` permits.
 *
 * @see k8s.io/apiserver/pkg/storage/value/encrypt/aes, pkg/server/options/encryptionconfig
 */
import type { ValueTransform } from '../../store/transformed-journal.ts';

export interface EncryptionKey {
  name: string;
  /** 256 bits. */
  secret: Uint8Array;
}

/** `identity` is the plain form. */
export type EncryptionProvider = { kind: 'aesgcm'; keys: readonly EncryptionKey[] } | { kind: 'identity' };

export interface EncryptionRule {
  /** Of storage keys: `/registry/secrets/`. */
  prefixes: readonly string[];
  /** The first one seals, with its first key; all of them open. */
  providers: readonly EncryptionProvider[];
}

/** AES-256-GCM, nonce included. */
export interface AuthenticatedCipher {
  seal(secret: Uint8Array, value: Uint8Array, context: string): Uint8Array;
  /** `undefined` when it was not sealed with this secret and in this context. */
  open(secret: Uint8Array, sealed: Uint8Array, context: string): Uint8Array | undefined;
}

/** A value that cannot be opened; the message is for a person. */
export class EncryptionError extends Error {
  override name = 'EncryptionError';
}

const MARK = 'k8s:enc:';
const SCHEME = `${MARK}aesgcm:v1:`;
/** Long enough for the mark, the scheme and a key's name. */
const HEADER_MAX = 320;
const FIRST_OF_MARK = MARK.charCodeAt(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class ValueEncryption implements ValueTransform {
  readonly #rules: readonly EncryptionRule[];
  readonly #cipher: AuthenticatedCipher;
  readonly #prefixes: readonly string[];

  constructor(rules: readonly EncryptionRule[], cipher: AuthenticatedCipher) {
    this.#rules = rules;
    this.#cipher = cipher;
    this.#prefixes = rules.flatMap(({ prefixes }) => prefixes);
  }

  covers(key: string): boolean {
    for (const prefix of this.#prefixes) if (key.startsWith(prefix)) return true;
    return false;
  }

  seal(key: string, value: Uint8Array): Uint8Array {
    const writer = this.#ruleOf(key)?.providers[0];
    if (writer?.kind !== 'aesgcm') return value;
    const { name, secret } = writer.keys[0]!;
    const header = encoder.encode(`${SCHEME}${name}:`);
    const sealed = this.#cipher.seal(secret, value, key);
    const whole = new Uint8Array(header.length + sealed.length);
    whole.set(header);
    whole.set(sealed, header.length);
    return whole;
  }

  /** @throws EncryptionError */
  open(key: string, value: Uint8Array): Uint8Array {
    const header = headerOf(value);
    const rule = this.#ruleOf(key);
    if (header === undefined) {
      if (rule === undefined || rule.providers.some(({ kind }) => kind === 'identity')) return value;
      throw new EncryptionError(
        `${key} is not encrypted, and the encryption configuration does not permit that: add the provider identity, and run \`kintsugi encrypt\``,
      );
    }
    const { scheme, keyName, length } = header;
    if (scheme !== SCHEME) throw new EncryptionError(`${key} is encrypted in a way that is not supported`);
    const candidates = rule?.providers.flatMap((provider) =>
      provider.kind === 'aesgcm' ? provider.keys : [],
    );
    const named = (candidates ?? []).filter(({ name }) => name === keyName);
    for (const { secret } of named) {
      const opened = this.#cipher.open(secret, value.subarray(length), key);
      if (opened !== undefined) return opened;
    }
    throw new EncryptionError(
      `${key} is encrypted with the key ${JSON.stringify(keyName)}, ${whyNot(rule, named)}`,
    );
  }

  /** Whether `value`, as it is on disk, is in the form that {@link seal} gives it. */
  isCurrent(key: string, value: Uint8Array): boolean {
    const header = headerOf(value);
    const writer = this.#ruleOf(key)?.providers[0];
    if (writer?.kind !== 'aesgcm') return header === undefined;
    return header?.scheme === SCHEME && header.keyName === writer.keys[0]!.name;
  }

  /** Whether it opens whatever `before` may have left on disk: of each resource, every key and the plain form. */
  opensAllOf(before: ValueEncryption): boolean {
    // Within a prefix, and not within a longer one, one rule is for all.
    return [...this.#prefixes, ...before.#prefixes].every((prefix) => {
      const forms = formsOf(this.#ruleOf(prefix));
      return [...formsOf(before.#ruleOf(prefix))].every((form) => forms.has(form));
    });
  }

  #ruleOf(key: string): EncryptionRule | undefined {
    return this.#rules.find(({ prefixes }) => prefixes.some((prefix) => key.startsWith(prefix)));
  }
}

/** What is not covered is plain. */
function formsOf(rule: EncryptionRule | undefined): ReadonlySet<string> {
  const providers: readonly EncryptionProvider[] = rule?.providers ?? [{ kind: 'identity' }];
  const forms = providers.flatMap((provider) =>
    provider.kind === 'identity'
      ? ['identity']
      : provider.keys.map(({ name, secret }) => `${name}:${secret.join()}`),
  );
  return new Set(forms);
}

function whyNot(rule: EncryptionRule | undefined, named: readonly EncryptionKey[]): string {
  if (rule === undefined)
    return 'and no encryption configuration covers it: bring back the one it was written with';
  return named.length === 0
    ? 'which the encryption configuration does not have: bring that key back'
    : 'and the secret of that name does not open it: it is another one, or the value is damaged';
}

/** `k8s:enc:aesgcm:v1:` and `key1`; `undefined` for a plain value. JSON begins with a brace. */
function headerOf(value: Uint8Array): { scheme: string; keyName: string; length: number } | undefined {
  if (value[0] !== FIRST_OF_MARK) return undefined;
  const text = decoder.decode(value.subarray(0, HEADER_MAX));
  const match = /^(k8s:enc:[^:]*:[^:]*:)([^:]*):/.exec(text);
  if (match === null) return text.startsWith(MARK) ? { scheme: '', keyName: '', length: 0 } : undefined;
  return { scheme: match[1]!, keyName: match[2]!, length: encoder.encode(match[0]).length };
}
