import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOfStatus, negotiate, type Offer } from './representation.ts';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const META = 'g=meta.k8s.io;v=v1';
const BUILT_IN: Offer = { isWatch: false, isCustom: false, isReview: false };
const CUSTOM: Offer = { ...BUILT_IN, isCustom: true };
const WATCH: Offer = { ...BUILT_IN, isWatch: true };
const REVIEW: Offer = { ...BUILT_IN, isReview: true };

function chosen(accept: string, offer = BUILT_IN): string {
  const { shape, format } = negotiate({ headers: { accept }, query: new URLSearchParams() }, offer);
  return shape === 'object' ? format : `${format} ${shape}`;
}

function refused(accept: string, offer = BUILT_IN): string {
  try {
    return `took ${chosen(accept, offer)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

test('negotiate takes the best range that can be had', () => {
  const cases: [accept: string, built: string][] = [
    ['', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    [PROTOBUF, 'protobuf'],
    [PROTOBUF.toUpperCase(), 'protobuf'],
    [`${PROTOBUF},application/json`, 'protobuf'],
    [`application/json,${PROTOBUF}`, 'json'],
    [`application/json;q=0.5, ${PROTOBUF};q=0.9`, 'protobuf'],
    [`application/json, ${PROTOBUF};q=0.9`, 'json'],
    [`application/yaml;q=0.1, */*;q=0.01`, 'yaml'],
    [`*/*, application/yaml`, 'yaml'],
    [`${PROTOBUF};q=0, application/json;q=0.1`, 'json'],
    [`image/png, text/html;level=1, application/yaml`, 'yaml'],
    [`application/json;as=Table;${META}, application/json`, 'json table'],
    [`${PROTOBUF};as=Table;${META}, application/json`, 'json'],
    [`${PROTOBUF};as=PartialObjectMetadata;${META}`, 'protobuf partial'],
    [`${PROTOBUF};as=PartialObjectMetadataList;${META},application/json`, 'protobuf partial'],
    [`${PROTOBUF};as=Pizza;${META},application/json`, 'json'],
    [`${PROTOBUF};stream=watch`, 'protobuf'],
    [`${PROTOBUF};stream=radio,application/yaml`, 'yaml'],
  ];
  for (const [accept, built] of cases) assert.equal(chosen(accept), built, accept);
});

test('negotiate gives custom resources no protobuf, but their metadata', () => {
  assert.equal(chosen(`${PROTOBUF},application/json`, CUSTOM), 'json');
  assert.equal(chosen(`${PROTOBUF};as=PartialObjectMetadata;${META}`, CUSTOM), 'protobuf partial');
  assert.equal(
    refused(PROTOBUF, CUSTOM),
    'only the following media types are accepted: application/json, application/yaml',
  );
});

test('negotiate makes no Table of a review', () => {
  assert.equal(chosen(`application/json;as=Table;${META},application/json`, REVIEW), 'json');
  assert.match(refused(`application/json;as=Table;${META}`, REVIEW), /^only the following media types/);
});

test('negotiate tells Tables and metadata in the version that was asked for', () => {
  const versionOf = (accept: string) =>
    negotiate({ headers: { accept }, query: new URLSearchParams() }, BUILT_IN).metaVersion;
  const old = 'g=meta.k8s.io;v=v1beta1';
  assert.equal(versionOf(`application/json;as=Table;${old},application/json`), 'meta.k8s.io/v1beta1');
  assert.equal(
    versionOf(`application/json;as=Table;${META},application/json;as=Table;${old}`),
    'meta.k8s.io/v1',
  );
  assert.equal(chosen('application/json;as=Table;g=meta.k8s.io;v=v2,application/json'), 'json');
});

test('negotiate streams JSON and protobuf', () => {
  assert.equal(chosen(`${PROTOBUF};stream=watch,application/json`, WATCH), 'protobuf');
  assert.equal(chosen(`application/yaml,application/json`, WATCH), 'json');
  assert.equal(
    refused('application/yaml', WATCH),
    'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  );
});

test('negotiate refuses what cannot be had', () => {
  const types = `application/json, application/yaml, ${PROTOBUF}`;
  for (const accept of ['image/png', 'application/json;q=0', `${PROTOBUF};as=Table;${META}`, ',', ';;;']) {
    assert.equal(refused(accept), `only the following media types are accepted: ${types}`, accept);
  }
});

test('negotiate prints for people when it is asked to', () => {
  const query = new URLSearchParams('pretty=true');
  assert.equal(negotiate({ headers: {}, query }, BUILT_IN).pretty, true);
  const headers = { accept: 'application/json;pretty=1' };
  assert.equal(negotiate({ headers, query: new URLSearchParams() }, BUILT_IN).pretty, true);
});

test('formatOfStatus is what was accepted, else JSON', () => {
  const of = (accept?: string) => formatOfStatus({ headers: accept === undefined ? {} : { accept } });
  assert.equal(of(), 'json');
  assert.equal(of(`${PROTOBUF},application/json`), 'protobuf');
  assert.equal(of(`${PROTOBUF};as=PartialObjectMetadata;${META},application/json`), 'json');
  assert.equal(of('image/png'), 'json');
  assert.equal(of('application/yaml'), 'yaml');
});
