import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem } from './formats.ts';

test('formatProblem names the format that a text fails', () => {
  equal(formatProblem('date', '2026-11-22'), undefined);
  equal(formatProblem('date', '2026-13-40'), 'date');
  equal(formatProblem('duration', '1h'), undefined);
  equal(formatProblem('uuid4', 'a'), 'uuid4');
});

test('formatProblem says nothing of formats that nobody checks, whatever they are called', () => {
  for (const format of ['color-of-the-year', 'constructor', '__proto__'])
    equal(formatProblem(format, 'a'), undefined);
});
