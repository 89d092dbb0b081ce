/** A node:test reporter that writes only the totals and the test files that failed, as one line of JSON. */
import type { TestEvent } from 'node:test/reporters';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** As they are run, also where a fixture defines their tests. */
  failedFiles: string[];
}

const TEST_FILE = /\.test\.[jt]s$/;

export default async function* tally(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const total: Tally = { passed: 0, failed: 0, skipped: 0, failedFiles: [] };
  for await (const event of source) count(total, event);
  yield `${JSON.stringify(total)}\n`;
}

function count(total: Tally, event: TestEvent): void {
  if (event.type === 'test:summary' && !event.data.success) addFile(total, event.data.file);
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return;
  const { data } = event;
  const isFile = data.details?.type === 'suite' || (data.name === data.file && data.nesting === 0);
  if (isFile && event.type === 'test:pass') return;
  if (event.type === 'test:fail') {
    total.failed++;
    addFile(total, data.file);
  } else if (data.skip !== undefined) total.skipped++;
  else total.passed++;
}

/** A failed test is told with the file that defines it, which may be a fixture; its summary tells which one was run. */
function addFile({ failedFiles }: Tally, file: string | undefined): void {
  if (file !== undefined && TEST_FILE.test(file) && !failedFiles.includes(file)) failedFiles.push(file);
}
