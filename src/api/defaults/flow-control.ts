/** Defaults of flow schemas and priority levels. @see kubernetes/kubernetes pkg/apis/flowcontrol/v1/defaults.go */
import type { FlowSchema, PriorityLevelConfiguration } from '../generated/flowcontrol-v1.ts';

const MATCHING_PRECEDENCE = 1000;
const HAND_SIZE = 8;
const QUEUES = 64;
const QUEUE_LENGTH_LIMIT = 50;
const NOMINAL_CONCURRENCY_SHARES = 30;

export function defaultFlowSchema({ spec }: Pick<FlowSchema, 'spec'>): void {
  spec.matchingPrecedence ||= MATCHING_PRECEDENCE;
}

/** Of shares, 0 is a choice: only what is absent is filled in. */
export function defaultPriorityLevel({ spec }: Pick<PriorityLevelConfiguration, 'spec'>): void {
  const { exempt, limited } = spec;
  if (exempt !== undefined) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (limited === undefined) return;
  limited.nominalConcurrencyShares ??= NOMINAL_CONCURRENCY_SHARES;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  queuing.handSize ||= HAND_SIZE;
  queuing.queues ||= QUEUES;
  queuing.queueLengthLimit ||= QUEUE_LENGTH_LIMIT;
}
