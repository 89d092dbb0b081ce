/** How flow schemas and priority levels are shown. @see kubernetes/kubernetes pkg/printers/internalversion/printers.go */
import type { FlowSchema, PriorityLevelConfiguration } from '../generated/flowcontrol-v1.ts';
import { AGE, type KindPrinter, NAME, text } from './column.ts';
import { age, NONE } from './values.ts';

export const flowSchemaPrinter: KindPrinter<FlowSchema> = {
  columns: [
    NAME,
    text('PriorityLevel', 'The priority level that its requests go to'),
    text('MatchingPrecedence', 'Which of the schemas that match takes a request: the lowest'),
    text('DistinguisherMethod', 'What tells its flows apart'),
    AGE,
    text('MissingPL', 'references a broken or non-existent PriorityLevelConfiguration'),
  ],
  cells: (schema, nowMs) => {
    const { priorityLevelConfiguration, matchingPrecedence, distinguisherMethod } = schema.spec;
    const dangling = schema.status?.conditions?.find(({ type }) => type === 'Dangling');
    return [
      schema.metadata.name,
      priorityLevelConfiguration.name,
      matchingPrecedence,
      distinguisherMethod?.type ?? NONE,
      age(schema, nowMs),
      dangling?.status ?? '?',
    ];
  },
  compare: (a, b) =>
    (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0) ||
    (a.metadata.name! < b.metadata.name! ? -1 : 1),
};

export const priorityLevelPrinter: KindPrinter<PriorityLevelConfiguration> = {
  columns: [
    NAME,
    text('Type', 'Whether its requests are limited'),
    text('NominalConcurrencyShares', 'Its part of what the server does at once'),
    text('Queues', 'How many queues its requests wait in'),
    text('HandSize', 'Among how many of them a flow may choose'),
    text('QueueLengthLimit', 'How many requests may wait in one of them'),
    AGE,
  ],
  cells: (level, nowMs) => {
    const { type, limited } = level.spec;
    const queuing = limited?.limitResponse?.queuing;
    return [
      level.metadata.name,
      type,
      limited?.nominalConcurrencyShares ?? NONE,
      queuing?.queues ?? NONE,
      queuing?.handSize ?? NONE,
      queuing?.queueLengthLimit ?? NONE,
      age(level, nowMs),
    ];
  },
};
