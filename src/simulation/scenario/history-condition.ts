/** Expectations on what has happened in a whole run: starts and exits of containers, lines of the timeline. */

import { PODS } from '../../api/resources.ts';
import { formatGoDuration } from '../../base/duration.ts';
import type { TimelineEntry } from '../timeline/timeline-entry.ts';
import { ENTRY_KINDS } from '../timeline/timeline-entry.ts';
import { comparison } from './comparison.ts';
import type { ContainerHistory, ContainerMoment } from './container-history.ts';
import { globToRegex, objectPattern } from './object-pattern.ts';
import { duration, fields, list, oneOf, optional, type Read, regex, ScenarioError, text } from './read.ts';

export interface History {
  containers: ContainerHistory;
  timeline: readonly TimelineEntry[];
  durationMs: number;
}

export interface HistoryCondition {
  readonly expected: string;
  /** What is instead; `undefined` when it is as expected. */
  contradiction(history: History): string | undefined;
}

const podPattern: Read<ReturnType<typeof objectPattern>> = (value, place) => {
  const pattern = objectPattern(value, place);
  if (pattern.row === PODS) return pattern;
  throw new ScenarioError(place, `must be a Pod, such as pod/web, not ${pattern.text}`);
};

const STARTS = fields({
  starts: podPattern,
  times: list(duration),
  container: optional(text),
  until: optional(duration),
});

export const STARTS_FIELDS = ['starts', 'times', 'container', 'until'] as const;

/** The container started at exactly these times. */
export const startsCondition: Read<HistoryCondition> = (value, place) => {
  const { starts: pod, times, container, until } = STARTS(value, place);
  const expected = times.map(formatGoDuration).join(', ');
  return {
    expected: `${container ?? 'every container'} of ${pod.text} starts at ${expected || 'no time'}`,
    contradiction({ containers, durationMs }) {
      const actual = containers
        .of(pod, until ?? durationMs)
        .filter(({ what, container: name }) => what === 'started' && (container ?? name) === name)
        .map(({ atMs }) => formatGoDuration(atMs))
        .join(', ');
      return actual === expected ? undefined : `it starts at ${actual || 'no time'}`;
    },
  };
};

const storyLine: Read<string> = (value, place) => {
  const line = text(value, place).replace(/\s+/g, ' ');
  const [when = '', what, container, ...exit] = line.split(' ');
  const moment = formatGoDuration(duration(when, place));
  if ((what === 'started' || what === 'exited') && container !== undefined)
    return [moment, what, container, ...exit].join(' ');
  throw new ScenarioError(place, 'must be as "10s started web" or "20s exited web 1 Error"');
};

const CONTAINERS = fields({
  containers: podPattern,
  story: list(storyLine),
  until: optional(duration),
});

export const CONTAINERS_FIELDS = ['containers', 'story', 'until'] as const;

/** The containers of a Pod started and exited so, in this order, and nothing else happened to them. */
export const containersCondition: Read<HistoryCondition> = (value, place) => {
  const { containers: pod, story, until } = CONTAINERS(value, place);
  return {
    expected: `containers of ${pod.text}:\n${indent(story)}`,
    contradiction({ containers, durationMs }) {
      const actual = containers.of(pod, until ?? durationMs).map(tellMoment);
      const isSame =
        actual.length === story.length && actual.every((line, index) => isTold(line, story[index]!));
      return isSame ? undefined : `\n${indent(actual)}`;
    },
  };
};

/** What follows in the actual line may be left out: the code, the reason. */
function isTold(actual: string, line: string): boolean {
  return actual === line || actual.startsWith(`${line} `);
}

function tellMoment({ atMs, what, container, exitCode, reason }: ContainerMoment): string {
  const exit = what === 'exited' ? ` ${exitCode} ${reason ?? ''}` : '';
  return `${formatGoDuration(atMs)} ${what} ${container}${exit}`.trimEnd();
}

function indent(lines: readonly string[]): string {
  return (lines.length === 0 ? ['(nothing)'] : lines).map((line) => `    ${line}`).join('\n');
}

const glob: Read<RegExp> = (value, place) => globToRegex(text(value, place));

const TERMS = fields({
  kind: optional(oneOf(ENTRY_KINDS)),
  who: optional(glob),
  what: optional(glob),
  object: optional(glob),
  node: optional(glob),
  text: optional(regex),
});

const TIMELINE = fields({
  timeline: (value, place) => ({ ...TERMS(value, place), written: JSON.stringify(value) }),
  times: optional(comparison),
  from: optional(duration),
  until: optional(duration),
});

export const TIMELINE_FIELDS = ['timeline', 'times', 'from', 'until'] as const;

/** The timeline has such lines; by default at least one. */
export const timelineCondition: Read<HistoryCondition> = (value, place) => {
  const { timeline: terms, times = comparison('>= 1', place), from = 0, until } = TIMELINE(value, place);
  return {
    expected: `lines ${terms.written} in the timeline: ${times.text}`,
    contradiction({ timeline, durationMs }) {
      const found = timeline.filter(
        (entry) =>
          entry.atMs >= from &&
          entry.atMs <= (until ?? durationMs) &&
          (terms.kind ?? entry.kind) === entry.kind &&
          (terms.who?.test(entry.who) ?? true) &&
          (terms.what?.test(entry.what) ?? true) &&
          (terms.object?.test(entry.object ?? '') ?? true) &&
          (terms.node?.test(entry.node ?? '') ?? true) &&
          (terms.text?.test(entry.text) ?? true),
      );
      const number = found.reduce((sum, entry) => sum + (entry.times ?? 1), 0);
      const first = found
        .slice(0, 3)
        .map((entry) => `${formatGoDuration(entry.atMs)} ${entry.what} ${entry.text}`);
      return times.holds(number) ? undefined : [String(number), ...first].join('; ');
    },
  };
};
