import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectorsAsked } from './review-selectors.ts';

const FIELDS = 'spec.resourceAttributes.fieldSelector';

test('selectorsAsked gives requirements as text, with what is special escaped', () => {
  const requirements = [
    { key: 'spec.nodeName', operator: 'In', values: ['n1'] },
    { key: 'metadata.name', operator: 'NotIn', values: ['a,b=c'] },
  ];
  assert.deepEqual(selectorsAsked({ fieldSelector: { requirements } }), {
    fieldSelector: 'spec.nodeName=n1,metadata.name!=a\\,b\\=c',
    ignored: [],
  });
  assert.deepEqual(selectorsAsked({ fieldSelector: { rawSelector: 'a=b' } }), {
    fieldSelector: 'a=b',
    ignored: [],
  });
});

test('selectorsAsked leaves out what cannot be asked, and says so', () => {
  const unknown = { key: 'a', operator: 'Exists' };
  const known = { key: 'a', operator: 'In', values: ['b'] };
  assert.deepEqual(selectorsAsked({ fieldSelector: { requirements: [unknown] } }), {
    ignored: [`${FIELDS} ignored due to parse error`],
  });
  assert.deepEqual(selectorsAsked({ fieldSelector: { requirements: [unknown, known] } }), {
    fieldSelector: 'a=b',
    ignored: [`${FIELDS} partially ignored due to parse error`],
  });
  const labelSelector = { rawSelector: 'a in' };
  assert.deepEqual(selectorsAsked({ fieldSelector: { rawSelector: 'what' }, labelSelector }), {
    ignored: [
      `${FIELDS} ignored due to parse error`,
      'spec.resourceAttributes.labelSelector ignored due to parse error',
    ],
  });
});
