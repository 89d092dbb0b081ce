/** Conditions on Kubernetes' Events: how often something was said of an object so far. */
import type { Event as CoreEvent } from '../../api/generated/core-v1.ts';
import { EVENTS } from '../../api/resources.ts';
import { comparison } from './comparison.ts';
import type { Condition } from './condition.ts';
import { globToRegex, type ObjectPattern, objectPattern } from './object-pattern.ts';
import { fields, optional, type Read, regex, text } from './read.ts';

const SHAPE = fields({
  event: text,
  object: optional(objectPattern),
  message: optional(regex),
  count: optional(comparison),
});

export const EVENT_FIELDS = ['event', 'object', 'message', 'count'] as const;

const AT_LEAST_ONCE = comparison('>= 1', '');

export const eventCondition: Read<Condition> = (value, place) => {
  const { event: reason, object, message, count = AT_LEAST_ONCE } = SHAPE(value, place);
  const isMeant = (event: CoreEvent) =>
    globToRegex(reason).test(event.reason ?? '') &&
    (object === undefined || isAbout(event, object)) &&
    (message?.test(event.message ?? '') ?? true);
  const about = object === undefined ? '' : ` of ${object.text}`;
  const saying = message === undefined ? '' : ` that says ${message}`;
  return {
    expected: `Event ${reason}${about}${saying}: ${count.text} times`,
    concerns: ({ resource }) => resource === 'events',
    evaluate({ objects }) {
      const events = objects.list(EVENTS) as unknown as CoreEvent[];
      const times = events.filter(isMeant).reduce((sum, event) => sum + (event.count ?? 1), 0);
      return {
        holds: count.holds(times),
        actual: times > 0 ? `${times} times` : describeOthers(events, object),
      };
    },
  };
};

function isAbout({ involvedObject }: CoreEvent, { row, namespace, name }: ObjectPattern): boolean {
  return (
    involvedObject.kind === row.kind &&
    (involvedObject.namespace ?? '') === namespace &&
    name.test(involvedObject.name ?? '')
  );
}

const OTHERS_MAX = 8;

/** What was said of the object instead. */
function describeOthers(events: readonly CoreEvent[], object: ObjectPattern | undefined): string {
  const others = events.filter((event) => object === undefined || isAbout(event, object));
  const reasons = [...new Set(others.map(({ reason = '', message = '' }) => `${reason} (${message})`))];
  return reasons.length === 0 ? 'never' : `never; there were: ${reasons.slice(-OTHERS_MAX).join(', ')}`;
}
