import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeImageReference } from './image-reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

test('normalizeImageReference gives every spelling of an image one form', () => {
  const forms: Record<string, string> = {
    'web-app': 'docker.io/library/web-app:latest',
    'web-app:1.2': 'docker.io/library/web-app:1.2',
    'team/web-app': 'docker.io/team/web-app:latest',
    'docker.io/web-app': 'docker.io/library/web-app:latest',
    'index.docker.io/web-app': 'docker.io/library/web-app:latest',
    'localhost/web-app': 'localhost/web-app:latest',
    'localhost:5000/web-app': 'localhost:5000/web-app:latest',
    'example.com/a/b_c:v1': 'example.com/a/b_c:v1',
    [`web-app@${DIGEST}`]: `docker.io/library/web-app@${DIGEST}`,
    [`web-app:1@${DIGEST}`]: `docker.io/library/web-app:1@${DIGEST}`,
  };
  for (const [reference, form] of Object.entries(forms)) {
    assert.equal(normalizeImageReference(reference), form);
    assert.equal(normalizeImageReference(form), form);
  }
});

test('normalizeImageReference refuses what is no reference', () => {
  for (const reference of [
    '',
    'UPPER',
    'a b',
    'a:',
    ':a',
    'a//b',
    'a/',
    'web@sha256:short',
    `${'a'.repeat(300)}`,
    'a:.x',
  ]) {
    assert.throws(() => normalizeImageReference(reference), { reason: 'InvalidImageName' }, reference);
  }
});
