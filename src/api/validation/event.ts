/**
 * Validation of Events, in the words of core's fields, as they are stored. Those with `eventTime` are of the new kind and say more;
 * what comes through events.k8s.io must be of it, and changes in nothing but its series.
 * @see kubernetes/kubernetes pkg/apis/core/validation/events.go
 */
import type { Event as CoreEvent, EventSeries } from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { named } from './field-checks.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { dns1123SubdomainProblem, qualifiedNameProblem, utf8Length } from './names.ts';

const MAX_BYTES = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;
const TYPES = ['Normal', 'Warning'];
const FIXED = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

/** Objects come as they are sent: what is required may be absent. */
type SentEvent = Omit<CoreEvent, 'involvedObject'> & Partial<Pick<CoreEvent, 'involvedObject'>>;

export function validateEvent(event: SentEvent): FieldError[] {
  const { namespace = '' } = event.metadata;
  return [
    ...(event.eventTime === undefined ? validateOldSubject(event) : validateNew(event)),
    ...named('namespace', namespace, dns1123SubdomainProblem(namespace)),
  ];
}

export function validateEventsEvent(event: SentEvent): FieldError[] {
  const name = (event.metadata as Partial<CoreEvent['metadata']>).name ?? '';
  const { type = '', source = {}, series } = event;
  const errors = [...validateEvent(event), ...named('metadata.name', name, dns1123SubdomainProblem(name))];
  errors.push(...validateSeries(series));
  if (event.eventTime === undefined) errors.push(required('eventTime'));
  if (!TYPES.includes(type)) errors.push(invalid('type', '', `has invalid value: ${type}`));
  const set = {
    firstTimestamp: event.firstTimestamp !== undefined,
    lastTimestamp: event.lastTimestamp !== undefined,
    count: (event.count ?? 0) !== 0,
    source: Boolean(source.component) || Boolean(source.host),
  };
  for (const [field, isSet] of Object.entries(set))
    if (isSet) errors.push(invalid(field, '', 'needs to be unset'));
  return errors;
}

export function validateEventsEventUpdate(event: CoreEvent, old: CoreEvent): FieldError[] {
  const errors = validateEvent(event);
  if (!isSame(event.series, old.series)) errors.push(...validateSeries(event.series));
  for (const field of FIXED) {
    if (isSame(event[field], old[field])) continue;
    const shown = field === 'reportingComponent' ? 'reportingController' : field;
    errors.push(invalid(shown, event[field], 'field is immutable'));
  }
  return errors;
}

function isSame(value: unknown, old: unknown): boolean {
  return equalJson((value ?? null) as JsonValue, (old ?? null) as JsonValue);
}

/** What is told of stands where the Event stands; what stands nowhere is told of in `default`. */
function validateOldSubject({ metadata, involvedObject }: SentEvent): FieldError[] {
  const { namespace: subject = '' } = involvedObject ?? {};
  const { namespace = '' } = metadata;
  const fits = subject === '' ? namespace === '' || namespace === 'default' : subject === namespace;
  return fits ? [] : [invalid('involvedObject.namespace', subject, 'does not match event.namespace')];
}

function validateNew(event: SentEvent): FieldError[] {
  const { metadata, involvedObject, reportingComponent = '' } = event;
  const errors: FieldError[] = [];
  const isClusterWide = metadata.namespace === 'default' || metadata.namespace === 'kube-system';
  if (!involvedObject?.namespace && !isClusterWide)
    errors.push(invalid('involvedObject.namespace', '', 'does not match event.namespace'));
  if (reportingComponent === '') errors.push(required('reportingController'));
  const problem = qualifiedNameProblem(reportingComponent);
  errors.push(...named('reportingController', reportingComponent, problem));
  for (const [field, max] of Object.entries(MAX_BYTES)) {
    const text = event[field as keyof typeof MAX_BYTES] ?? '';
    if (text === '' && field !== 'message') errors.push(required(field));
    if (utf8Length(text) > max) errors.push(invalid(field, '', `can have at most ${max} characters`));
  }
  return errors;
}

function validateSeries(series: EventSeries | undefined): FieldError[] {
  if (series === undefined) return [];
  const errors = (series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : [];
  if (series.lastObservedTime === undefined) errors.push(required('series.lastObservedTime'));
  return errors;
}
