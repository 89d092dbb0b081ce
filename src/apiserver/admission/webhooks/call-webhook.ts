/**
 * One webhook is asked about one request. All that v1 takes have no side effects on a dry run, which the question tells.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go
 */
import type { JsonValue } from '../../../api/json.ts';
import type { ResourceRow } from '../../../api/resources.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import { type Random, randomUid } from '../../../base/random.ts';
import { StatusError } from '../../../base/status-error.ts';
import type { ApiObject } from '../../api-object.ts';
import { UnlistedError } from '../../errors.ts';
import type { AdmissionMetrics, WebhookCall, WebhookOutcome } from '../../metrics/admission-metrics.ts';
import { WebhookCallError, type WebhookCaller } from '../../webhooks/webhook-caller.ts';
import type { AskedAdmissionRequest } from '../admission.ts';
import type { PolicyServices } from '../policies/policy-run.ts';
import {
  InvalidReviewError,
  newReview,
  type ReviewAnswer,
  type ReviewSubject,
  readReview,
  reviewVersionOf,
} from './admission-review.ts';
import type { ConcernedWebhook } from './webhook-catalog.ts';
import { FailedWebhookError, newRejection } from './webhook-errors.ts';

/** Takes an object to the version of a row of its kind. */
export type ConvertObject = (row: ResourceRow, object: ApiObject) => ApiObject | Promise<ApiObject>;

export interface WebhookServices extends PolicyServices {
  clock: Clock;
  random: Random;
  log: Logger;
  caller: WebhookCaller;
  convert: ConvertObject;
  metrics: AdmissionMetrics;
}

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const TIMEOUT_SECONDS = 10;

/** The objects of `request` in the version of `row`; `object` is given where a webhook sees another than will be stored. */
export async function toSubject(
  convert: ConvertObject,
  request: AskedAdmissionRequest,
  row: ResourceRow,
  object: ApiObject | undefined = request.object,
): Promise<ReviewSubject> {
  const { asked, old, subresource } = request;
  const hasOwnKind = row.subresources.some(({ name, kind }) => name === subresource && kind !== undefined);
  const inVersion = (given: ApiObject | undefined) =>
    given === undefined || hasOwnKind ? given : convert(row, given);
  return { request, asked, row, object: await inVersion(object), old: await inVersion(old) };
}

/** @returns what the webhook says of an allowed request. @throws StatusError when it does not allow it, FailedWebhookError */
export function callWebhook(
  services: WebhookServices,
  concerned: Pick<ConcernedWebhook, 'webhook'>,
  subject: ReviewSubject,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  const { clock, metrics } = services;
  const { name, failurePolicy } = concerned.webhook.source;
  const type = isMutating ? 'admit' : 'validating';
  const call: WebhookCall = { name, type, operation: subject.request.operation };
  const startMs = clock.monotonicMs();
  const { webhookMs } = subject.request.notes;
  const ended = (outcome: WebhookOutcome) => {
    const tookMs = clock.monotonicMs() - startMs;
    if (isMutating) webhookMs.admit += tookMs;
    else webhookMs.validating = Math.max(webhookMs.validating, tookMs);
    metrics.called(call, outcome, tookMs);
  };
  return askWebhook(services, concerned, subject, isMutating).then(
    (answer) => {
      ended({ rejected: false, code: 200, errorType: 'no_error' });
      return answer;
    },
    (error: unknown) => {
      if (error instanceof FailedWebhookError) {
        const rejected = failurePolicy !== 'Ignore';
        ended({ rejected, code: error.code, errorType: 'calling_webhook_error' });
      } else if (error instanceof UnlistedError) {
        ended({ rejected: true, code: error.code, errorType: 'no_error' });
      }
      throw error;
    },
  );
}

async function askWebhook(
  { clock, random, caller }: WebhookServices,
  { webhook }: Pick<ConcernedWebhook, 'webhook'>,
  subject: ReviewSubject,
  isMutating: boolean,
): Promise<ReviewAnswer> {
  const { name, clientConfig, timeoutSeconds = TIMEOUT_SECONDS, admissionReviewVersions } = webhook.source;
  const { asked, request } = subject;
  const timeoutMs = Math.min(timeoutSeconds * 1000, asked.deadlineMs - clock.monotonicMs());
  if (timeoutMs <= 0) throw newTimeout();
  const version = reviewVersionOf(admissionReviewVersions);
  const uid = randomUid(random);
  const body = JSON.stringify(newReview(subject, version, uid));
  const question = { key: webhook.key, clientConfig, body, timeoutMs, answerBytesMax: ANSWER_BYTES_MAX };
  const answer = await caller.ask(question, asked.signal).catch((error: unknown): never => {
    if (!(error instanceof WebhookCallError)) throw error;
    throw new FailedWebhookError(name, `failed to call webhook: ${error.message}`, error.status);
  });
  const read = readAs(name, answer, { version, uid, isMutating });
  for (const [key, value] of read.auditAnnotations)
    request.notes.auditAnnotations.set(`${name}/${key}`, value);
  for (const text of read.warnings) request.notes.warnings.add(text);
  if (!read.allowed) throw newRejection(name, read.status);
  return read;
}

function readAs(
  name: string,
  answer: JsonValue,
  expected: { version: string; uid: string; isMutating: boolean },
): ReviewAnswer {
  try {
    return readReview(answer, expected);
  } catch (error) {
    if (!(error instanceof InvalidReviewError)) throw error;
    throw new FailedWebhookError(name, `received invalid webhook response: ${error.message}`);
  }
}

export function newTimeout(): StatusError {
  const message = 'Timeout: request did not complete within requested timeout - context deadline exceeded';
  return new StatusError('Timeout', message, { details: {} });
}
