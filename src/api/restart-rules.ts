/** What a container's own rules say of its end, before its own policy and that of its Pod. @see KEP-5307 */
import type { Container } from './generated/core-v1.ts';

/** What the container's `restartPolicyRules` say of an exit; `undefined` when none matches. */
export function matchedRuleAction(container: Container, exitCode: number): string | undefined {
  for (const rule of container.restartPolicyRules ?? []) {
    const values = rule.exitCodes?.values ?? [];
    const isListed = values.includes(exitCode);
    const operator = rule.exitCodes?.operator;
    if (operator === 'In' ? isListed : operator === 'NotIn' && !isListed) return rule.action;
  }
  return undefined;
}
