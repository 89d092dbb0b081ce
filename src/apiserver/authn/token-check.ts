/** Several kinds of bearer tokens, asked one after another. */
import type { TokenVerifier, VerifiedToken } from '../interfaces.ts';

export interface TokenCheck {
  /** `undefined` when the token proves nothing. No `audiences`: the server's own. */
  check(token: string, audiences?: readonly string[]): VerifiedToken | undefined;
}

/** What any of `kinds` accepts; a token has the form of one kind only. */
export function newTokenChecks(kinds: readonly TokenCheck[]): TokenCheck & TokenVerifier {
  const check = (token: string, audiences?: readonly string[]) => {
    for (const kind of kinds) {
      const verified = kind.check(token, audiences);
      if (verified !== undefined) return verified;
    }
    return undefined;
  };
  return { check, verify: async (token, audiences) => check(token, audiences) };
}
