/**
 * The cluster's token keys: compact JWS with ES256 or RS256, by node:crypto.
 *
 * The algorithm belongs to the key, never to the token: a token that names another one (`none`, `HS256`) is refused before
 * any arithmetic. Tokens verified before are remembered, since every request of a Pod brings the same one.
 * @see RFC 7515, RFC 7518
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { SignatureVerifier, TokenClaims, TokenSigner } from '../apiserver/authn/token-signature.ts';

export interface TokenKeys extends TokenSigner, SignatureVerifier {
  /** For `/openid/v1/jwks`: the public halves (RFC 7517). */
  jwks(): { keys: object[] };
  /** `ES256` or `RS256` of each key. */
  algorithms(): string[];
}

/** Verified tokens that are remembered; the one unused for longest goes first. */
const REMEMBERED_MAX = 4096;
/** No token of ours comes near it. */
const TOKEN_LENGTH_MAX = 16 * 1024;

/** Signs with `privateKeys[0]` and accepts what any of them has signed. PEM. */
export function newTokenKeys(privateKeys: readonly [string, ...string[]]): TokenKeys {
  return new NodeTokenKeys(privateKeys.map(toKey));
}

interface TokenKey {
  /** Told in each token: base64url of the SHA-256 of the public key, as upstream derives it. */
  id: string;
  algorithm: 'ES256' | 'RS256';
  privateKey: KeyObject;
  publicKey: KeyObject;
}

function toKey(pem: string): TokenKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    id: createHash('sha256').update(der).digest('base64url'),
    algorithm: privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256',
    privateKey,
    publicKey,
  };
}

class NodeTokenKeys implements TokenKeys {
  readonly #signing: TokenKey;
  readonly #keys: ReadonlyMap<string, TokenKey>;
  readonly #remembered = new Map<string, TokenClaims>();

  constructor(keys: readonly TokenKey[]) {
    this.#signing = keys[0]!;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  sign(claims: TokenClaims): string {
    const { id, algorithm, privateKey } = this.#signing;
    const signed = `${encodePart({ alg: algorithm, kid: id })}.${encodePart(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  verify(token: string): TokenClaims | undefined {
    const known = this.#remembered.get(token);
    const claims = known ?? this.#verifyAnew(token);
    if (!claims) return undefined;
    this.#remembered.delete(token);
    this.#remembered.set(token, claims);
    if (this.#remembered.size > REMEMBERED_MAX) {
      this.#remembered.delete(this.#remembered.keys().next().value!);
    }
    return claims;
  }

  jwks(): { keys: object[] } {
    const keys = [...this.#keys.values()].map(({ id, algorithm, publicKey }) => {
      return { use: 'sig', kid: id, alg: algorithm, ...publicKey.export({ format: 'jwk' }) };
    });
    return { keys };
  }

  algorithms(): string[] {
    return [...new Set([...this.#keys.values()].map(({ algorithm }) => algorithm))];
  }

  #verifyAnew(token: string): TokenClaims | undefined {
    if (token.length > TOKEN_LENGTH_MAX) return undefined;
    const [head = '', body = '', signature = '', ...rest] = token.split('.');
    if (rest.length > 0 || signature === '') return undefined;
    const header = decodePart(head) as { alg?: unknown; kid?: unknown; crit?: unknown } | undefined;
    if (!header || header.crit !== undefined) return undefined;
    const key = this.#keys.get(String(header.kid));
    if (!key || header.alg !== key.algorithm) return undefined;
    const octets = Buffer.from(signature, 'base64url');
    // Node skips what is no base64: each token has one spelling only.
    if (octets.toString('base64url') !== signature) return undefined;
    const verifyKey = { key: key.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const isGenuine = verify('sha256', Buffer.from(`${head}.${body}`), verifyKey, octets);
    return isGenuine ? (decodePart(body) as TokenClaims | undefined) : undefined;
  }
}

function encodePart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The JSON object in one part of a token; undefined when it is none. */
function decodePart(part: string): object | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
