import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimelineEntry } from './timeline-entry.ts';
import { parseTimelineFilter, selects } from './timeline-filter.ts';

const entry: TimelineEntry = {
  atMs: 0,
  kind: 'event',
  who: 'x',
  what: 'y',
  object: 'pod/web.1',
  node: 'node-1',
  text: '',
};

function isSelected(filter: string): boolean {
  return selects(parseTimelineFilter(filter), entry);
}

test('selects wants one value of every field that is given', () => {
  assert.ok(isSelected(''));
  assert.ok(isSelected('object=pod/web.1'));
  assert.ok(isSelected('object=pod/*,object=node/*,kind=event,node=node-*'));
  assert.ok(!isSelected('object=pod/web'));
  assert.ok(!isSelected('object=pod/web-1'));
  assert.ok(!isSelected('object=pod/*,kind=change'));
  assert.ok(!selects({ nodes: ['*'] }, { ...entry, node: undefined } as never));
});

test('selects never hides that entries are left out', () => {
  assert.ok(selects({ kinds: ['event'] }, { ...entry, kind: 'gap' }));
});

test('parseTimelineFilter says what is wrong', () => {
  assert.throws(
    () => parseTimelineFilter('pod/web'),
    /"pod\/web" is no filter: write object=NAME, node=NAME or kind=KIND/,
  );
  assert.throws(
    () => parseTimelineFilter('kind=events'),
    /there is no kind "events"; there are: change, refusal, event,/,
  );
});
