/**
 * The API server as one function from a request value to a response value.
 *
 *     handle -> parse the path -> authenticate -> impersonate -> wait for a seat -> authorize -> find the handler
 *                                                                  -> registry | review | subresource | path | extension API server
 *
 * Invariant: whatever goes wrong is a Status in Kubernetes' words; a broken invariant of our own ends the process.
 */
import type { ApiRequest, ApiResponse, UserInfo } from '../api/message.ts';
import { NODE_METRICS } from '../api/resources/metrics.ts';
import { type ResourceRow, SERVICES } from '../api/resources.ts';
import { deprecationOf } from '../api/warnings/deprecated-kinds.ts';
import { isCancellation } from '../base/abort.ts';
import { AssertionError } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import { StatusError } from '../base/status-error.ts';
import type { Store } from '../store/store.ts';
import { type AdmissionNotes, newAdmissionNotes } from './admission/admission.ts';
import { type AdmissionOptions, newAdmissionChain } from './admission/admission-chain.ts';
import { Aggregation, type ExtensionAccess } from './aggregation/aggregation.ts';
import { extensionResponse, findExtension } from './aggregation/extension-response.ts';
import { parseAddressRange } from './allocate/address-range.ts';
import { ServiceAllocator, type ServiceRanges } from './allocate/service-allocator.ts';
import { objectOf } from './api-object.ts';
import type { AuditedCall, AuditLog, RequestAudit } from './audit/audit-log.ts';
import { auditIdOf } from './audit/audited-request.ts';
import { impersonate, isImpersonating } from './authn/impersonation.ts';
import { newAccessDenied } from './authz/access-denied.ts';
import { CoarseTimers } from './coarse-timers.ts';
import { CustomConversions } from './custom/conversions.ts';
import { CustomDefinitions } from './custom/definitions.ts';
import { newMethodNotAllowed, newUnknownPath } from './errors.ts';
import { totalSeatsOf } from './fairness/defaults.ts';
import { Fairness, type Flow } from './fairness/fairness.ts';
import { newFairnessDump } from './fairness/fairness-dump.ts';
import type { Seat } from './fairness/seat.ts';
import type {
  PathResponder,
  RequestAuthenticator,
  RulesResolver,
  TokenIssuer,
  TokenVerifier,
} from './interfaces.ts';
import { KindCatalog } from './kinds.ts';
import { AdmissionMetrics } from './metrics/admission-metrics.ts';
import type { ObservedRequest } from './metrics/request-metrics.ts';
import { ServerMetrics } from './metrics/server-metrics.ts';
import { ProtobufFrames } from './protobuf/frames.ts';
import { ProtobufMessages } from './protobuf/messages.ts';
import { FrameCache } from './registry/frames.ts';
import { prefixOf, type Registry } from './registry/registry.ts';
import { formatOfStatus, negotiate, PLAIN, type Representation } from './representation.ts';
import { errorResponse, withWarnings } from './responses.ts';
import { VIRTUAL_CREATE } from './reviews/reviews.ts';
import { parseRequest, type RequestInfo, type RequestVerb } from './route.ts';
import type { CallHandler, ResourceCall, ServerContext } from './server-context.ts';
import { respondList } from './shaping.ts';
import { subresourceHandlers } from './subresources/subresources.ts';
import type { AgentReader } from './usage/agent-reader.ts';
import { AgentSummaries } from './usage/agent-summaries.ts';
import { USAGE_ROWS, USAGE_VERBS } from './usage/usage-verbs.ts';
import { VERBS } from './verbs.ts';
import { WebhookCaller } from './webhooks/webhook-caller.ts';
import type { WebhookTransport } from './webhooks/webhook-transport.ts';

export interface ApiServerOptions extends AdmissionOptions {
  store: Store;
  authenticator: RequestAuthenticator;
  rules: RulesResolver;
  tokenVerifier: TokenVerifier;
  tokenIssuer: TokenIssuer;
  /** Discovery, OpenAPI, health, version: asked in order. */
  responders: readonly PathResponder[];
  serviceRanges: ServiceRanges;
  /** Where the addresses of Pods are: `10.192.0.0/16`. */
  podCidr: string;
  /** Absent: nothing is written down. */
  audit?: AuditLog;
  /** How webhooks are reached. */
  webhooks: WebhookTransport;
  /** How extension API servers are reached, and whom they trust. */
  extensions: ExtensionAccess;
  /** Who asks the nodes' agents what they use; without it `metrics.k8s.io` is not served. */
  agents?: AgentReader;
  /** How many requests may be served at once; absent: as many as upstream. */
  totalSeats?: number;
  /** Resolves once the event loop has looked for input; absent where time is virtual. */
  nextTurn?: () => Promise<void>;
}

export interface ApiServer {
  /**
   * Answers `request`. A streaming body ends when `signal` aborts.
   * Rejects with `signal.reason` when that is why it did not finish, and with AssertionError for a bug.
   */
  handle(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
  /** For what starts beside the server and writes past authentication: bootstrap. */
  readonly registry: Registry;
  /** What is served now. */
  readonly kinds: KindCatalog;
  /** Keeps {@link kinds} equal to the CustomResourceDefinitions; must run beside the server. */
  readonly definitions: CustomDefinitions;
  /** Who is served when; {@link runFairness} must run beside the server. */
  readonly fairness: Fairness;
  /** Extension API servers; must start before requests are taken, and run beside the server. */
  readonly aggregation: Aggregation;
  /** Of requests, admission and objects. */
  readonly metrics: ServerMetrics;
}

/** A write that has not become durable by then is answered with a timeout. @see --request-timeout */
const REQUEST_TIMEOUT_MS = 60_000;
const TOO_MANY_REQUESTS = 429;

/** `store` must be loaded: addresses that its Services hold are taken over now. */
export function newApiServer(options: ApiServerOptions): ApiServer {
  const { store, clock, random } = options;
  const services = new ServiceAllocator(options.serviceRanges, random.fork('services'));
  for (const stored of store.list({ prefix: prefixOf(SERVICES, '') }).objects)
    services.restore(objectOf(stored));
  const kinds = new KindCatalog(options.agents === undefined ? [] : USAGE_ROWS);
  const caller = new WebhookCaller({
    clock,
    store,
    random: random.fork('webhook endpoints'),
    transport: options.webhooks,
  });
  const conversions = new CustomConversions(caller, random.fork('conversions'));
  const metrics = new AdmissionMetrics();
  const registry: Registry = {
    store,
    clock,
    random,
    admission: newAdmissionChain(options, { kinds, caller, conversions, metrics }),
    conversions,
    services,
  };
  const served = { kinds, metrics: new ServerMetrics({ store, clock, kinds }, metrics) };
  return new KubeApiServer(options, registry, served);
}

class KubeApiServer implements ApiServer {
  readonly registry: Registry;
  readonly kinds: KindCatalog;
  readonly definitions: CustomDefinitions;
  readonly fairness: Fairness;
  readonly aggregation: Aggregation;
  readonly metrics: ServerMetrics;
  readonly #options: ApiServerOptions;
  readonly #responders: readonly PathResponder[];
  readonly #timers: CoarseTimers;
  readonly #context: ServerContext;
  readonly #auditIds: Random;
  readonly #endpoints: Random;

  constructor(
    options: ApiServerOptions,
    registry: Registry,
    { kinds, metrics }: Pick<ApiServer, 'kinds' | 'metrics'>,
  ) {
    this.kinds = kinds;
    this.metrics = metrics;
    this.#options = options;
    this.#timers = new CoarseTimers(options.clock);
    this.#auditIds = options.random.fork('audit-ids');
    this.registry = registry;
    this.definitions = new CustomDefinitions(registry, this.kinds);
    this.aggregation = new Aggregation(registry, this.kinds, options.extensions);
    this.#endpoints = options.random.fork('extension endpoints');
    const { authorizer, rules, tokenVerifier, tokenIssuer } = options;
    const { store, clock } = registry;
    const { totalSeats = totalSeatsOf({}), nextTurn } = options;
    this.fairness = new Fairness({ store, clock, timers: this.#timers, totalSeats, nextTurn });
    this.#responders = [newFairnessDump(this.fairness, clock), ...options.responders];
    const watches = { store, clock, timers: this.#timers, frames: new FrameCache() };
    const messages = new ProtobufMessages();
    const protobufFrames = new ProtobufFrames(messages);
    const access = { authorizer, rules, tokenVerifier, tokenIssuer };
    const podRange = parseAddressRange(options.podCidr);
    const { agents } = options;
    const usage = agents === undefined ? {} : { usage: new AgentSummaries({ store, clock, agents }) };
    const served = { registry, kinds: this.kinds, watches, messages, protobufFrames, podRange };
    this.#context = { ...served, ...access, ...usage };
  }

  async handle(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const { peer } = request;
    const follow: Followed = {
      receivedMs: this.#options.clock.monotonicMs(),
      waitedMs: 0,
      info: undefined,
      audit: undefined,
      flow: undefined,
      observed: undefined,
      lasts: false,
    };
    // Within the process nobody reads the headers.
    if (peer.kind === 'internal' && this.#options.audit === undefined) {
      return this.#handle(request, signal, follow);
    }
    const id = auditIdOf(request, this.#auditIds);
    const response = await this.#handle(request, signal, follow, id);
    if (peer.kind === 'internal') return response;
    return { ...response, headers: { ...response.headers, 'audit-id': id, ...headersOfFlow(follow.flow) } };
  }

  async #handle(request: ApiRequest, signal: AbortSignal, follow: Followed, id = ''): Promise<ApiResponse> {
    const notes = newAdmissionNotes();
    const deadlineMs = follow.receivedMs + REQUEST_TIMEOUT_MS;
    try {
      const info = parseRequest(request);
      follow.info = info;
      follow.lasts = mayLast(info);
      const user = await this.#user({ request, info, id }, follow);
      const asked = { request, info, signal, notes, deadlineMs, user };
      const response = await this.#serve(asked, follow);
      return this.#told(response, follow, { request, notes, signal });
    } catch (error) {
      const isBug = error instanceof AssertionError;
      if (isBug || isCancellation(error, signal)) {
        follow.audit?.broken(isBug ? error : undefined);
        throw error;
      }
      return this.#told(this.#failure(error, request), follow, { request, notes, signal });
    }
  }

  /** Whoever follows the request learns what came of it. */
  #told(
    response: ApiResponse,
    follow: Followed,
    { request, notes, signal }: Pick<AskedCall, 'request' | 'notes' | 'signal'>,
  ): ApiResponse {
    const noted = writtenDown(withNotes(response, notes), follow, notes, signal);
    const { observed, info } = follow;
    const { admit, validating } = notes.webhookMs;
    if (observed !== undefined) return observed.answered(noted, admit + validating, signal);
    if (info !== undefined && response.status === TOO_MANY_REQUESTS) {
      const row = this.kinds.find(info.group, info.version, info.resource);
      this.metrics.requests.dropped({ info, request }, row);
    }
    return noted;
  }

  /** What lasts has no seat; but a watch has one until it has begun. */
  async #serve(asked: AskedCall, follow: Followed): Promise<ApiResponse> {
    const { info, request, user, signal } = asked;
    const flow = this.fairness.classify(info, user);
    follow.flow = flow;
    if (follow.lasts && info.verb !== 'watch') return this.#answer(asked, follow);
    const row = info.isResourceRequest ? this.kinds.find(info.group, info.version, info.resource) : undefined;
    const entered = this.fairness.enter(flow, { info, row, query: request.query, user }, signal);
    const seat = entered instanceof Promise ? await this.#waitedFor(entered, follow) : entered;
    try {
      return seat.keptFor(await this.#answer({ ...asked, seat }, follow), asked);
    } catch (error) {
      seat.release();
      throw error;
    }
  }

  async #waitedFor(seat: Promise<Seat>, follow: Followed): Promise<Seat> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    const entered = await seat;
    follow.waitedMs = clock.monotonicMs() - startMs;
    return entered;
  }

  async #answer(asked: AskedCall, follow: Followed): Promise<ApiResponse> {
    const { request, info, user } = asked;
    const { audit } = follow;
    await this.#authorize(request, info, user, audit);
    const theirs = this.#extension(asked);
    if (theirs !== undefined) return theirs;
    if (info.isResourceRequest) return this.#call({ ...asked, audit, row: rowOf(this.kinds, info) }, follow);
    const response = await this.#respondToPath(request, user);
    this.metrics.requests.answeredPath(info.path, response.status, follow.receivedMs);
    return response;
  }

  /** As whom the request acts; from the moment on when it is known who sends it, it is followed. */
  async #user(call: AuditedCall, follow: Followed): Promise<UserInfo> {
    const { audit, authorizer } = this.#options;
    const { request } = call;
    const user = await this.#authenticated(call);
    follow.audit = audit?.begin(call, user);
    if (!isImpersonating(request)) return user;
    const other = await impersonate(user, request, authorizer);
    follow.audit?.impersonated(other);
    return other;
  }

  async #authenticated(call: AuditedCall): Promise<UserInfo> {
    const { audit, authenticator } = this.#options;
    try {
      return await authenticator.authenticate(call.request);
    } catch (error) {
      if (error instanceof StatusError) audit?.refuse(call, error.code);
      throw error;
    }
  }

  async #authorize(
    request: ApiRequest,
    info: RequestInfo,
    user: UserInfo,
    audit: RequestAudit | undefined,
  ): Promise<void> {
    const attributes = { ...info, user, fieldSelector: request.query.get('fieldSelector') ?? undefined };
    const decision = await this.#options.authorizer.authorize(attributes);
    audit?.decided(decision);
    if (!decision.allowed) throw newAccessDenied(attributes, decision.reason);
  }

  /** Undefined for what is answered here. Who is in this process has no connection that could be joined to another. */
  #extension({ request, info, user, signal }: AskedCall): ApiResponse | Promise<ApiResponse> | undefined {
    const service = findExtension(this.aggregation.view, info);
    if (service === undefined) return undefined;
    const parts = { store: this.registry.store, random: this.#endpoints };
    const response = extensionResponse(parts, service, { request, user, lasts: mayLast(info) });
    if (response.body.kind !== 'tunnel' || request.peer.kind === 'remote') return response;
    return this.#options.extensions.reader.forward(response.body.target, request, signal);
  }

  async #respondToPath(request: ApiRequest, user: UserInfo): Promise<ApiResponse> {
    for (const responder of this.#responders) {
      const response = await responder.respond(request, user);
      if (response !== undefined) return response;
    }
    throw newUnknownPath();
  }

  #call(asked: RoutedCall, follow: Followed): ApiResponse | Promise<ApiResponse> {
    const handler = handlerOf(asked);
    warnOfDeprecation(asked);
    const { receivedMs, waitedMs } = follow;
    const observed = this.metrics.requests.begin(asked, { receivedMs, waitedMs });
    follow.observed = observed;
    const call = { ...asked, observed, representation: representationOf(asked) };
    const response = handler(this.#context, call);
    return response instanceof Promise ? this.#withTimeout(response) : response;
  }

  #withTimeout(response: Promise<ApiResponse>): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = this.#timers.set(REQUEST_TIMEOUT_MS, () => {
        isLate = true;
        const message =
          'Timeout: request did not complete within requested timeout - context deadline exceeded';
        reject(new StatusError('Timeout', message, { details: {} }));
      });
      response.then(
        (value) => {
          timer.cancel();
          resolve(value);
        },
        (error: unknown) => {
          timer.cancel();
          if (isLate) this.#options.log.warn('a request failed after its timeout', { error });
          reject(error);
        },
      );
    });
  }

  #failure(error: unknown, request: ApiRequest): ApiResponse {
    const { method, path } = request;
    const format = formatOfStatus(request);
    if (error instanceof StatusError) return errorResponse(error, format);
    this.#options.log.error('a request failed unexpectedly', { error, method, path });
    const message = 'Internal error occurred: unexpected error when handling the request';
    return errorResponse(new StatusError('InternalError', message), format);
  }
}

/** A request on its way through {@link KubeApiServer.handle}, as the audit log and metrics see it. */
interface Followed {
  receivedMs: number;
  /** For a seat. */
  waitedMs: number;
  /** What it asks for, once that is known. */
  info: RequestInfo | undefined;
  audit: RequestAudit | undefined;
  /** Once its route is known. */
  observed: ObservedRequest | undefined;
  /** To which it belongs, once that is known. */
  flow: Flow | undefined;
  /** Of a kind whose answers may go on for hours. */
  lasts: boolean;
}

type RoutedCall = Omit<ResourceCall, 'representation' | 'observed'>;
type AskedCall = Omit<RoutedCall, 'row' | 'audit'>;

/** The names would tell clients how others are treated. */
function headersOfFlow(flow: Flow | undefined): Record<string, string> | undefined {
  if (flow === undefined) return undefined;
  return {
    'x-kubernetes-pf-flowschema-uid': flow.schema.metadata.uid ?? '',
    'x-kubernetes-pf-prioritylevel-uid': flow.level.uid,
  };
}

/** The audit log is told what came of a request, and what admission noted. */
function writtenDown(
  response: ApiResponse,
  { audit, lasts }: Followed,
  { auditAnnotations }: AdmissionNotes,
  signal: AbortSignal,
): ApiResponse {
  if (audit === undefined) return response;
  for (const [key, value] of auditAnnotations) audit.annotate(key, value);
  return audit.answered(response, lasts, signal);
}

function warnOfDeprecation({ row, notes }: RoutedCall): void {
  const text = deprecationOf(row);
  if (text === undefined) return;
  notes.warnings.add(text);
  notes.auditAnnotations.set('k8s.io/deprecated', 'true');
}

/** A refusal is answered with its warnings, too. */
function withNotes(response: ApiResponse, { warnings }: AdmissionNotes): ApiResponse {
  return warnings.size === 0 ? response : withWarnings(response, [...warnings]);
}

/** @throws StatusError NotFound when the table has no such resource, or not in this scope */
function rowOf(kinds: KindCatalog, info: RequestInfo): ResourceRow {
  const { group, version, resource, namespace, name, verb } = info;
  const row = kinds.find(group, version, resource);
  if (row === undefined) throw newUnknownPath();
  const isNamespaced = namespace !== '' && resource !== 'namespaces';
  if (!row.namespaced && isNamespaced) throw newUnknownPath();
  const isAcrossNamespaces = verb === 'list' || verb === 'watch';
  if (row.namespaced && !isNamespaced && !isAcrossNamespaces) {
    throw name === '' ? newMethodNotAllowed() : newUnknownPath();
  }
  return row;
}

/** Subresources whose answer is bytes of their own. */
const STREAMED = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/** Whether the answer may go on for hours. */
function mayLast({ verb, subresource }: RequestInfo): boolean {
  return verb === 'watch' || STREAMED.has(subresource);
}

/** Negotiated before anything is done. @throws StatusError NotAcceptable */
function representationOf({ info, row, request }: RoutedCall): Representation {
  if (STREAMED.has(info.subresource)) return PLAIN;
  const hasSchema = row.custom === undefined && row.group !== NODE_METRICS.group;
  const isCustom = !hasSchema && info.subresource !== 'scale';
  const isReview = row.virtual && !row.verbs.includes('get');
  return negotiate(request, { isWatch: info.verb === 'watch', isCustom, isReview });
}

function handlerOf({ info, row }: RoutedCall): CallHandler {
  const { verb, subresource } = info;
  if (subresource !== '') {
    const handlers = subresourceHandlers(row, subresource);
    if (handlers === undefined) throw newUnknownPath();
    return handlers[verb] ?? refuse();
  }
  if (info.name !== '' && verb === 'create') return refuse();
  if (row.group === NODE_METRICS.group) return USAGE_VERBS[verb] ?? refuse();
  if (row.virtual) return verb === 'create' ? (VIRTUAL_CREATE[row.resource] ?? refuse()) : emptyList(verb);
  if (!row.verbs.some((allowed) => allowed === verb)) return refuse();
  return VERBS[verb as RequestVerb];
}

function refuse(): never {
  throw newMethodNotAllowed();
}

function emptyList(verb: string): CallHandler {
  if (verb !== 'list') return refuse();
  return (server, call) => {
    const metadata = { resourceVersion: String(server.registry.store.revision) };
    return respondList(server, call, { objects: [], metadata });
  };
}
