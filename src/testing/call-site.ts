/** Where a test called: `test/web.test.ts:12:30`, for messages that name what was left open. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FRAMES_MAX = 30;
/** Everything below is ours, whether as sources or as the one bundle. */
const OWN_FOLDER = import.meta.dirname.endsWith(path.join('src', 'testing'))
  ? path.dirname(import.meta.dirname)
  : import.meta.dirname;

/** The innermost place on the stack that is not ours. Empty where it cannot be told. */
export function callSite(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES_MAX;
  const { stack = '' } = new Error('for its stack');
  Error.stackTraceLimit = before;
  for (const line of stack.split('\n').slice(1)) {
    const [, where = '', position = ''] = /\(?([^\s()]+?)(:\d+:\d+)\)?$/.exec(line) ?? [];
    const file = where.startsWith('file:') ? fileURLToPath(where) : where;
    if (path.isAbsolute(file) && !isOwn(file)) return path.relative(process.cwd(), file) + position;
  }
  return '';
}

function isOwn(file: string): boolean {
  return file.startsWith(OWN_FOLDER + path.sep) && !file.endsWith('.test.ts');
}
