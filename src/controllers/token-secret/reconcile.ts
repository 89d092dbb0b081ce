/** What a Secret of type `kubernetes.io/service-account-token` needs. Pure. */
import type { Secret, ServiceAccount } from '../../api/generated/core-v1.ts';

export const TOKEN_SECRET_TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

/** What the Secret is to hold beside the token, in base64. */
export interface TokenSecretData {
  'ca.crt': string;
  namespace: string;
}

export type TokenSecretPlan =
  | { kind: 'none' }
  /** Its account is gone, or another one has its name. */
  | { kind: 'delete' }
  /** The Secret with all but a token, which is to be made where it has none. */
  | { kind: 'fill'; secret: Secret; needsToken: boolean };

/** The account that the Secret is for. */
export function accountNameOf({ metadata }: Secret): string | undefined {
  return metadata.annotations?.[ACCOUNT_NAME];
}

/**
 * @param account  of that name, as it is now
 * @see k8s.io/kubernetes/pkg/controller/serviceaccount/tokens_controller.go; differs: the token is bound to the Secret
 */
export function reconcileTokenSecret(
  secret: Secret,
  account: ServiceAccount | undefined,
  wanted: TokenSecretData,
): TokenSecretPlan {
  const { metadata, data = {} } = secret;
  if (metadata.deletionTimestamp !== undefined) return { kind: 'none' };
  const uid = metadata.annotations?.[ACCOUNT_UID];
  if (account === undefined || (uid !== undefined && uid !== account.metadata.uid)) return { kind: 'delete' };
  const needsToken = !data['token'];
  const isFilled = Object.entries(wanted).every(([key, value]) => data[key] === value);
  if (isFilled && !needsToken && uid !== undefined) return { kind: 'none' };
  const annotations = { ...metadata.annotations, [ACCOUNT_UID]: account.metadata.uid };
  const filled = { ...secret, metadata: { ...metadata, annotations }, data: { ...data, ...wanted } };
  return { kind: 'fill', secret: filled, needsToken };
}
