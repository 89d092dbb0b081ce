/** A node:test reporter that writes only the totals and the files that failed, as one line of JSON. */
import type { TestEvent } from 'node:test/reporters';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  failedFiles: string[];
}

export default async function* tally(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const total: Tally = { passed: 0, failed: 0, skipped: 0, failedFiles: [] };
  for await (const event of source) count(total, event);
  yield `${JSON.stringify(total)}\n`;
}

function count(total: Tally, event: TestEvent): void {
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return;
  const { data } = event;
  const isFile = data.details?.type === 'suite' || (data.name === data.file && data.nesting === 0);
  if (isFile && event.type === 'test:pass') return;
  if (event.type === 'test:fail') {
    total.failed++;
    if (data.file !== undefined && !total.failedFiles.includes(data.file)) total.failedFiles.push(data.file);
  } else if (data.skip !== undefined) total.skipped++;
  else total.passed++;
}
