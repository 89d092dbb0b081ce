/** A story as text for people, in aligned columns, and as JSON for programs, one entry a line. */
import type { TimelineEntry } from './timeline-entry.ts';

const GAP = '  ';
/** Wider ones push what follows to the right, on their own line only. */
const WIDTH_MAX = 44;

export function formatTimeline(entries: readonly TimelineEntry[]): string {
  const rows = entries.map((entry) => [
    formatOffset(entry.atMs),
    entry.who,
    entry.what,
    entry.object ?? '',
    describe(entry),
  ]);
  const widths = [0, 1, 2, 3].map((column) =>
    Math.min(WIDTH_MAX, Math.max(0, ...rows.map((row) => row[column]!.length))),
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('');
}

export function formatTimelineJson(entries: readonly TimelineEntry[]): string {
  return entries.map((entry) => `${JSON.stringify({ at: formatOffset(entry.atMs), ...entry })}\n`).join('');
}

function describe({ text, times, lastAtMs }: TimelineEntry): string {
  if (times === undefined || lastAtMs === undefined) return text;
  return `${text} (${times} times, last at ${formatOffset(lastAtMs)})`;
}

/** `+00:02:31.250`; days count as hours. */
export function formatOffset(offsetMs: number): string {
  const totalMs = Math.round(offsetMs);
  const pad = (value: number, length = 2) => String(value).padStart(length, '0');
  const seconds = Math.floor(totalMs / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `+${pad(hours)}:${pad(minutes)}:${pad(seconds % 60)}.${pad(totalMs % 1000, 3)}`;
}
