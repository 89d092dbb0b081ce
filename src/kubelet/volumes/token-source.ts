/**
 * Service account tokens for projected volumes: asked of the API, bound to the Pod, renewed at 80 % of their life.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/token token_manager.go
 */

import type { TokenRequest } from '../../api/generated/authentication-v1.ts';
import type { Pod, ServiceAccountTokenProjection } from '../../api/generated/core-v1.ts';
import { SERVICE_ACCOUNTS } from '../../api/resources.ts';
import { type Clock, parseTimestamp } from '../../base/clock.ts';
import type { ApiClient } from '../../client/api-client.ts';

export interface HeldToken {
  token: string;
  /** Wall ms; from here on the token is asked for again. */
  renewAtMs: number;
}

const RENEW_AT_FRACTION = 0.8;
const EXPIRATION_DEFAULT_SECONDS = 3600;

/** A new token for the Pod's service account. @throws StatusError */
export async function requestToken(
  deps: { client: ApiClient; clock: Clock },
  pod: Pod,
  projection: ServiceAccountTokenProjection,
  signal: AbortSignal,
): Promise<HeldToken> {
  const expirationSeconds = projection.expirationSeconds ?? EXPIRATION_DEFAULT_SECONDS;
  const askedAtMs = deps.clock.now();
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: projection.audience === undefined ? [] : [projection.audience],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
    },
  };
  const { namespace = '' } = pod.metadata;
  const target = { namespace, name: pod.spec.serviceAccountName ?? 'default' };
  const answer = await deps.client.createSubresource(
    SERVICE_ACCOUNTS,
    target,
    { name: 'token', body },
    signal,
  );
  const { token = '', expirationTimestamp } = (answer as TokenRequest).status ?? {};
  const expiresAtMs = parseTimestamp(expirationTimestamp) ?? askedAtMs + expirationSeconds * 1000;
  return { token, renewAtMs: askedAtMs + (expiresAtMs - askedAtMs) * RENEW_AT_FRACTION };
}
