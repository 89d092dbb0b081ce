/**
 * Where a request goes that an extension API server is to answer, and on whose behalf.
 *
 * @see k8s.io/kube-aggregator/pkg/apiserver/handler_proxy.go, apiserver/pkg/util/proxy/proxy.go
 */
import { backendOf } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import type { ExtensionTarget, TunnelTarget, UserInfo } from '../../api/message.ts';
import { SERVICES } from '../../api/resources.ts';
import { fromBase64 } from '../../base/base64.ts';
import type { Store } from '../../store/store.ts';
import { keyFor } from '../registry/registry.ts';
import { readyAddresses } from '../webhooks/service-endpoint.ts';
import type { WebhookAddress } from '../webhooks/webhook-transport.ts';
import { toIdentityHeaders } from './front-proxy-headers.ts';

export interface ExtensionCall {
  path: string;
  /** Without the question mark. */
  query: string;
  user: UserInfo;
  timeoutMs?: number;
}

/** All places at which `service`'s backend is ready. @throws WebhookTransportError when there can be none */
export function extensionAddresses(store: Store, service: APIService): WebhookAddress[] {
  const backend = backendOf(service)!;
  const { namespace, name, port } = backend;
  const stored = store.get(keyFor({ row: SERVICES, namespace, name }));
  const { spec } = (stored?.value ?? {}) as Partial<Service>;
  if (spec?.type === 'ExternalName') return [{ host: spec.externalName ?? '', port }];
  return readyAddresses(store, backend);
}

export function extensionTarget(
  service: APIService,
  { host, port }: WebhookAddress,
  { path, query, user, timeoutMs }: ExtensionCall,
): TunnelTarget {
  const { namespace, name } = backendOf(service)!;
  const extension: ExtensionTarget = {
    serverName: `${name}.${namespace}.svc`,
    trust: trustOf(service),
    identity: toIdentityHeaders(user),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  const description = `API service ${JSON.stringify(service.metadata.name)}`;
  return { host, port, path, query, description, extension };
}

function trustOf({ spec }: APIService): ExtensionTarget['trust'] {
  if (spec.insecureSkipTLSVerify) return 'nobody';
  if (!spec.caBundle) return 'machine';
  return { caBundle: new TextDecoder().decode(fromBase64(spec.caBundle)) };
}
