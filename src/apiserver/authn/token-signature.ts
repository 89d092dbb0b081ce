/**
 * Signing and verifying tokens, without cryptography in this layer: `platform/token-keys.ts` implements both, and a test
 * may do so by hand.
 */

/** Makes compact JWS tokens (RFC 7515) with the cluster's own key. */
export interface TokenSigner {
  sign(claims: TokenClaims): string;
}

export interface SignatureVerifier {
  /**
   * The claims of `token` when one of the cluster's keys has signed them, with the algorithm that belongs to that key.
   * Undefined for every other text, `alg: none` included. Says nothing about time, issuer or audience.
   */
  verify(token: string): TokenClaims | undefined;
}

export interface BoundReference {
  name: string;
  uid: string;
}

/**
 * What a service account's token says. Times are seconds since the epoch.
 * @see pkg/serviceaccount/claims.go in kubernetes/kubernetes
 */
export interface TokenClaims {
  iss: string;
  sub: string;
  aud: string[];
  exp: number;
  iat: number;
  nbf: number;
  jti?: string;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: BoundReference;
    pod?: BoundReference;
    secret?: BoundReference;
    node?: BoundReference;
  };
}
