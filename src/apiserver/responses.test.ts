import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiResponse } from '../api/message.ts';
import { withWarnings } from './responses.ts';

function warningOf(...texts: string[]): string {
  const response: ApiResponse = { status: 200, headers: {}, body: { kind: 'none' } };
  return String(withWarnings(response, texts).headers['warning']);
}

test('withWarnings quotes each text', () => {
  equal(warningOf('a "b" \\c', 'd'), '299 - "a \\"b\\" \\\\c", 299 - "d"');
});

test('withWarnings gives only what a header may hold, whatever the text', () => {
  const header = warningOf('日本\r\nX-Evil: 1\0\u0085 é');
  match(header, /^[\t\x20-\x7e\x80-\xff]*$/);
  equal(Buffer.from(header, 'latin1').toString(), '299 - "日本  X-Evil: 1   é"');
});

test('withWarnings gives long texts whole, and cuts them when there are many', () => {
  const text = 'x'.repeat(1000);
  equal(warningOf(text), `299 - "${text}"`);
  const cut = warningOf(...Array.from({ length: 100 }, () => text)).split(', ');
  equal(cut.length, 16);
  equal(cut[0], `299 - "${'x'.repeat(256)}"`);
});
