import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pemBlocks } from './pem-blocks.ts';

const block = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;

test('pemBlocks finds blocks among other text, with their labels and headers', () => {
  const text = `who\n${block('A', 'AAAA\nAAAA\n')}what\n${block('B C', 'Key: value\n\nAQ==\n')}${block('D', '')}`;
  assert.deepEqual(
    [...pemBlocks(text)].map(({ label, hasHeaders, bytes }) => [label, hasHeaders, ...bytes]),
    [
      ['A', false, 0, 0, 0, 0, 0, 0],
      ['B C', true, 1],
      ['D', false],
    ],
  );
});

test('pemBlocks passes over what does not end as it began, or is no base64', () => {
  const ends = '-----BEGIN A-----\nAAAA\n-----END B-----\n';
  const inLine = 'x-----BEGIN A-----\nAAAA\n-----END A-----\n';
  assert.deepEqual([...pemBlocks(`${ends}${inLine}${block('A', '!\n')}-----BEGIN A-----\nAAAA`)], []);
});

test('pemBlocks reads a text of nothing but begins in the time of its length', () => {
  const text = `${'-----BEGIN A-----\n'.repeat(150_000)}-----END A-----\n`;
  assert.deepEqual([...pemBlocks(text)].length, 1);
});
