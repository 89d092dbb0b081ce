/**
 * The audit log: who asked for what, and what came of it, one JSON line for each stage of a request that the policy wants.
 *
 *     authenticated -> RequestReceived -> impersonated, authorized, handled -> ResponseStarted (of what lasts)
 *                                                                           -> ResponseComplete, or Panic
 *
 * Invariant: a request that was let past authentication under a rule has its line before it is handled, so that what it did
 * is never without a trace.
 *
 * @see k8s.io/apiserver/pkg/endpoints/filters/audit.go
 */
import type { ApiRequest, ApiResponse, UserInfo } from '../../api/message.ts';
import { type Clock, toMicroTimestamp } from '../../base/clock.ts';
import type { Status } from '../../base/status-error.ts';
import { isFields } from '../api-object.ts';
import type { AccessDecision } from '../interfaces.ts';
import type { RequestInfo } from '../route.ts';
import type { AuditedObject, AuditedStatus } from './audit-event.ts';
import { type AuditPolicy, type AuditRule, type AuditStage, auditRuleFor } from './audit-policy.ts';
import { attemptedProofs, objectRefOf, requestUriOf, sourceIpsOf, userAgentOf } from './audited-request.ts';
import { onBodyEnd } from './body-end.ts';
import { withoutManagedFields } from './without-managed-fields.ts';

/** Where lines go. Takes what it is given at once and bounds what it holds. */
export interface AuditSink {
  /** @param line  one event, without its line feed */
  write(line: string): void;
}

export interface AuditLogOptions {
  clock: Clock;
  policy: AuditPolicy;
  sink: AuditSink;
}

/** A request as far as the log cares. */
export interface AuditedCall {
  request: ApiRequest;
  info: RequestInfo;
  /** Of the answer's header. */
  id: string;
}

export class AuditLog {
  readonly #options: AuditLogOptions;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Follows a request of `user`; `undefined` when the policy does not want it. */
  begin(call: AuditedCall, user: UserInfo): RequestAudit | undefined {
    const rule = auditRuleFor(this.#options.policy, { ...call.info, user });
    if (rule === undefined) return undefined;
    const audit = new RequestAudit(this.#options, rule, call, user);
    audit.emit('RequestReceived');
    return audit;
  }

  /** Notes a request whose credentials proved nothing. */
  refuse(call: AuditedCall, code: number): void {
    const rule = auditRuleFor(this.#options.policy, call.info);
    if (rule === undefined) return;
    const audit = new RequestAudit(this.#options, rule, call, undefined);
    audit.refused(attemptedProofs(call.request), code);
  }
}

/** Who comes with one certificate or token is one value over many requests. */
const encodedUsers = new WeakMap<UserInfo, string>();

function encodeUser(user: UserInfo | undefined): string {
  if (user === undefined) return '{}';
  let text = encodedUsers.get(user);
  if (text === undefined) {
    text = JSON.stringify(user);
    encodedUsers.set(user, text);
  }
  return text;
}

/**
 * One request on its way; every method writes down what has become known, {@link emit} gives it to the sink. Lines are put
 * together from parts that are encoded once: the log is the better half of what an audited request costs.
 */
export class RequestAudit {
  readonly #options: AuditLogOptions;
  readonly #rule: AuditRule;
  readonly #reference: AuditedObject | undefined;
  readonly #receivedAt: string;
  /** Everything before the stage, and after it what does not change. */
  readonly #head: string;
  readonly #who: string;
  readonly #origin: string;
  #impersonated = '';
  #status: AuditedStatus | undefined;
  #requestObject = '';
  #responseObject = '';
  #annotations: Record<string, string> | undefined;

  constructor(
    options: AuditLogOptions,
    rule: AuditRule,
    { request, info, id }: AuditedCall,
    user: UserInfo | undefined,
  ) {
    this.#options = options;
    this.#rule = rule;
    this.#receivedAt = toMicroTimestamp(options.clock.now());
    this.#reference = info.isResourceRequest ? objectRefOf(info) : undefined;
    this.#head = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"${rule.level}","auditID":${JSON.stringify(id)}`;
    const uri = JSON.stringify(requestUriOf(request));
    this.#who = `,"requestURI":${uri},"verb":${JSON.stringify(info.verb)},"user":${encodeUser(user)}`;
    const ips = sourceIpsOf(request);
    const origin = ips.length === 0 ? '' : `,"sourceIPs":${JSON.stringify(ips)}`;
    this.#origin = origin + field('userAgent', userAgentOf(request));
  }

  refused(message: string, code: number): void {
    this.#status = { metadata: {}, message, code };
    this.emit('ResponseStarted');
  }

  impersonated(user: UserInfo): void {
    this.#impersonated = field('impersonatedUser', user);
  }

  decided({ allowed, reason = '' }: AccessDecision): void {
    this.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
    this.annotate('authorization.k8s.io/reason', reason);
  }

  /** The first value of a key stays. */
  annotate(key: string, value: string): void {
    this.#annotations ??= {};
    this.#annotations[key] ??= value;
  }

  /** What the client sent, decoded: before anybody changes it. */
  requested(object: unknown): void {
    this.#complementReference(object);
    if (this.#wants('Request')) this.#requestObject = field('requestObject', this.#shown(object));
  }

  /** A patch is shown as it came. */
  patched(patch: unknown): void {
    if (this.#wants('Request')) this.#requestObject = field('requestObject', patch);
  }

  /**
   * The answer as it is to go out; `signal` aborts when nobody wants it any more. What lasts is followed to its end.
   *
   * @param lasts  a request of a kind that upstream calls long-running
   */
  answered(response: ApiResponse, lasts: boolean, signal: AbortSignal): ApiResponse {
    this.#status = statusOf(response);
    const { body } = response;
    const hasValue = body.kind === 'object' || body.kind === 'list';
    if (hasValue && this.#wants('RequestResponse')) {
      this.#responseObject = field('responseObject', this.#shown(body.value));
    }
    const ended = onBodyEnd(body, () => this.emit('ResponseComplete'), signal);
    if (ended.kind !== 'tunnel') {
      if (lasts) this.emit('ResponseStarted');
      return { ...response, body: ended };
    }
    // What comes of it is known once somebody else has answered.
    const onAnswered = (code: number) => {
      this.#status = { metadata: {}, code };
      if (lasts) this.emit('ResponseStarted');
    };
    return { ...response, body: { ...ended, onAnswered } };
  }

  /** There is no answer: the client went away before, or `bug` ends the process. */
  broken(bug: Error | undefined): void {
    this.#status = bug
      ? {
          metadata: {},
          status: 'Failure',
          message: `APIServer panic'd: ${bug.message}`,
          reason: 'InternalError',
          code: 500,
        }
      : { metadata: {}, status: 'Success', message: 'Connection closed early', code: 200 };
    this.emit(bug ? 'Panic' : 'ResponseComplete');
  }

  emit(stage: AuditStage): void {
    if (this.#rule.omitStages.has(stage)) return;
    const { clock, sink } = this.#options;
    const at = stage === 'RequestReceived' ? this.#receivedAt : toMicroTimestamp(clock.now());
    sink.write(
      `${this.#head},"stage":"${stage}"${this.#who}${this.#impersonated}${this.#origin}` +
        field('objectRef', this.#reference) +
        field('responseStatus', this.#status) +
        this.#requestObject +
        this.#responseObject +
        `,"requestReceivedTimestamp":"${this.#receivedAt}","stageTimestamp":"${at}"` +
        `${field('annotations', this.#annotations)}}`,
    );
  }

  /** A creation says the name in its body only. */
  #complementReference(object: unknown): void {
    const reference = this.#reference;
    const metadata = isFields(object) ? object['metadata'] : undefined;
    if (reference === undefined || !isFields(metadata)) return;
    for (const field of ['namespace', 'name', 'uid', 'resourceVersion'] as const) {
      const value = metadata[field];
      if (typeof value === 'string' && value !== '') reference[field] ??= value;
    }
  }

  #wants(level: 'Request' | 'RequestResponse'): boolean {
    return this.#rule.level === level || this.#rule.level === 'RequestResponse';
  }

  #shown(object: unknown): unknown {
    return this.#rule.omitManagedFields ? withoutManagedFields(object) : object;
  }
}

/** A failure in full but for what has no bound; of a success only the code. */
function statusOf({ status: code, body }: ApiResponse): AuditedStatus {
  const value = body.kind === 'object' ? (body.value as Partial<Status>) : undefined;
  if (value?.kind !== 'Status' || value.apiVersion !== 'v1') return { metadata: {}, code };
  const { status, message, reason, details } = value;
  return {
    metadata: {},
    ...(status === undefined ? {} : { status }),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** A field behind others; nothing for what is absent. */
function field(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;
}
