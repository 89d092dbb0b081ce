/** Tokens of a simulated cluster: their claims in the open. Nobody in the simulation forges. */
import type { TokenClaims } from '../../apiserver/authn/token-signature.ts';
import type { TokenKeySet } from '../../assembly/server-parts.ts';

const PREFIX = 'simulated.';

export function newSimulatedTokenKeys(): TokenKeySet {
  return {
    sign: (claims) => PREFIX + JSON.stringify(claims),
    verify: (token) =>
      token.startsWith(PREFIX) ? (JSON.parse(token.slice(PREFIX.length)) as TokenClaims) : undefined,
    jwks: () => ({ keys: [] }),
    algorithms: () => [],
  };
}
