import { equal, match, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { callSite } from './call-site.ts';
import { KnownKinds } from './known-kinds.ts';
import { parseObjectPath, pathOf } from './object-path.ts';
import { formatSpan, parseSpan } from './parse-span.ts';

/** Of a cluster without CustomResourceDefinitions. */
const kinds = new KnownKinds({ objects: () => [] });

test('parseSpan reads spans as Go does, and numbers as milliseconds', () => {
  equal(parseSpan('1h30m', 'x'), 5_400_000);
  equal(parseSpan('250ms', 'x'), 250);
  equal(parseSpan(12.5, 'x'), 12.5);
  equal(parseSpan('0s', 'x'), 0);
  for (const wrong of ['5', '1 min', '', Number.POSITIVE_INFINITY, -3]) {
    throws(
      () => parseSpan(wrong, 'advance'),
      /^TypeError: advance: .* is no length of time; write '10s', '5m', '1h30m'/,
    );
  }
});

test('formatSpan says what parseSpan reads, without zeros', () => {
  for (const text of ['250ms', '10s', '1m10s', '5m', '10m', '1h', '1h30m', '1h0m5s', '100h', '0s']) {
    equal(formatSpan(parseSpan(text, 'x')), text);
  }
});

test('callSite is the place that called what is ours', () => {
  match(callSite(), /^src\/testing\/words.test.ts:\d+:\d+$/);
  const deeper = [1].map(() => callSite())[0];
  match(deeper ?? '', /^src\/testing\/words.test.ts:\d+:\d+$/);
});

test('parseObjectPath finds kind, namespace and name', () => {
  const place = (path: string, namespace?: string) => {
    const target = parseObjectPath(path, kinds, namespace);
    return `${target.row.resource} ${target.namespace} ${target.name}`;
  };
  equal(place('deploy/web'), 'deployments default web');
  equal(place('deploy/web', 'shop'), 'deployments shop web');
  equal(place('deploy/shop/web', 'other'), 'deployments shop web');
  equal(place('node/node-1', 'shop'), 'nodes  node-1');
  throws(() => parseObjectPath('web', kinds), /there is no kind "web"/);
  throws(() => parseObjectPath('pod', kinds), /"pod" names no object; write KIND\/NAME/);
  throws(() => parseObjectPath('pods/a/b/c', kinds), /"pods\/a\/b\/c" names no object/);
  throws(() => parseObjectPath('node/a/b', kinds), /"node\/a\/b" names no object/);
});

test('pathOf takes an object for itself', () => {
  const object = { kind: 'Pod', metadata: { name: 'web-1', namespace: 'shop' } };
  equal(JSON.stringify(pathOf(object, kinds)), '{"kind":"Pod","namespace":"shop","name":"web-1"}');
  equal(JSON.stringify(pathOf('node/n', kinds)), '{"kind":"Node","namespace":"","name":"n"}');
});
