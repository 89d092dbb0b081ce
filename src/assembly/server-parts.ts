/** Builds the API server from its parts: who may call, what it says of itself, what decides. */
import type { ExtensionAccess } from '../apiserver/aggregation/aggregation.ts';
import { type ApiServer, newApiServer } from '../apiserver/api-server.ts';
import { AuditLog, type AuditLogOptions } from '../apiserver/audit/audit-log.ts';
import { newAuthenticator } from '../apiserver/authn/authenticator.ts';
import { newBootstrapTokens } from '../apiserver/authn/bootstrap-tokens.ts';
import { newServiceAccountTokens } from '../apiserver/authn/service-account-tokens.ts';
import { newTokenChecks } from '../apiserver/authn/token-check.ts';
import type { SignatureVerifier, TokenSigner } from '../apiserver/authn/token-signature.ts';
import { newAuthorizer } from '../apiserver/authz/authorizer.ts';
import { newNodePods } from '../apiserver/authz/node-pods.ts';
import { nodeRestriction } from '../apiserver/authz/node-restriction.ts';
import { newRbacEscalationCheck } from '../apiserver/authz/rbac-escalation.ts';
import { newRbacIndex } from '../apiserver/authz/rbac-index.ts';
import {
  newCertificateSteps,
  type RequestSignatures,
} from '../apiserver/certificates/certificate-admission.ts';
import { newDiscovery } from '../apiserver/discovery/discovery.ts';
import type { HealthCheck } from '../apiserver/discovery/health.ts';
import { newServerVersion } from '../apiserver/discovery/server-version.ts';
import { fairnessMetrics } from '../apiserver/fairness/fairness-metrics.ts';
import type { PathResponder } from '../apiserver/interfaces.ts';
import { newSecretLookup, newTokenSubjects, SecurityView } from '../apiserver/security-view.ts';
import type { AgentReader } from '../apiserver/usage/agent-reader.ts';
import type { WebhookTransport } from '../apiserver/webhooks/webhook-transport.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { OpenStore } from '../store/mvcc-store.ts';

/** As upstream's default. */
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

export interface ServerParts {
  api: ApiServer;
  /** Must run beside the server: decisions about access follow it. */
  securityView: SecurityView;
}

/** What signs and verifies service accounts' tokens, and what `/openid/v1/jwks` says of it. */
export interface TokenKeySet extends TokenSigner, SignatureVerifier {
  jwks(): { keys: object[] };
  algorithms(): string[];
}

export interface ServerPartsOptions {
  clock: Clock;
  random: Random;
  log: Logger;
  store: OpenStore;
  keys: TokenKeySet;
  /** Of certificate signing requests. */
  signatures: RequestSignatures;
  /** Of Pods and Services. */
  ranges: { podCidr: string; serviceCidr: string; nodePorts: { first: number; last: number } };
  /** As `/version` names them: `linux/amd64`, `node24.1.0`. */
  platform: { name: string; runtime: string };
  /** `host:port` under which clients reach the server. */
  address: string;
  /** Why the server should not be sent requests yet. */
  readiness: HealthCheck;
  metrics: () => Promise<string>;
  /** What of the requests is written down, and where; absent: nothing. */
  audit?: Pick<AuditLogOptions, 'policy' | 'sink'>;
  webhooks: WebhookTransport;
  extensions: ExtensionAccess;
  /** Who asks the nodes' agents what they use. */
  agents?: AgentReader;
  /** How many requests may be served at once; absent: as many as upstream. */
  totalSeats?: number;
  /** Resolves once the event loop has looked for input; absent where time is virtual. */
  nextTurn?: () => Promise<void>;
}

export function newServerParts(options: ServerPartsOptions): ServerParts {
  const { clock, random, log, store, keys, ranges } = options;
  const tokens = newServiceAccountTokens(
    { clock, random, keys, subjects: newTokenSubjects(store) },
    { issuer: ISSUER, apiAudiences: [ISSUER] },
  );
  const accepted = newTokenChecks([tokens, newBootstrapTokens(clock, newSecretLookup(store), [ISSUER])]);
  const [rbacIndex, nodePods] = [newRbacIndex(), newNodePods()];
  const securityView = new SecurityView(store, rbacIndex, nodePods);
  const authorizer = newAuthorizer(rbacIndex, nodePods);
  const discovery: PathResponder = newDiscovery({
    clock,
    served: () => api.aggregation.served(),
    version: newServerVersion(options.platform.name, options.platform.runtime),
    health: { livez: [], readyz: [options.readiness] },
    serverAddress: options.address,
    issuer: { issuer: ISSUER, jwks: () => keys.jwks(), algorithms: () => keys.algorithms() },
    metrics: async () =>
      `${await options.metrics()}${fairnessMetrics(api.fairness, clock.monotonicMs())}${api.aggregation.metrics.text()}${api.metrics.text()}`,
  });
  const api = newApiServer({
    clock,
    random,
    log,
    store,
    authenticator: newAuthenticator(clock, accepted),
    authorizer,
    rules: authorizer,
    tokenVerifier: accepted,
    tokenIssuer: tokens,
    responders: [discovery],
    extraAdmission: [nodeRestriction, newRbacEscalationCheck(authorizer)],
    extraValidation: newCertificateSteps(authorizer, options.signatures),
    serviceRanges: { clusterIps: ranges.serviceCidr, nodePorts: ranges.nodePorts },
    podCidr: ranges.podCidr,
    ...(options.audit && { audit: new AuditLog({ clock, ...options.audit }) }),
    webhooks: options.webhooks,
    extensions: options.extensions,
    ...(options.agents === undefined ? {} : { agents: options.agents }),
    ...(options.totalSeats === undefined ? {} : { totalSeats: options.totalSeats }),
    ...(options.nextTurn === undefined ? {} : { nextTurn: options.nextTurn }),
  });
  return { api, securityView };
}
