import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { newEqualityMatcher } from '../../api/selectors.ts';
import { planClaims } from './claim.ts';

interface Facts {
  labels?: Record<string, string>;
  ownerUid?: string;
  isEnding?: boolean;
}

function object(name: string, { labels = {}, ownerUid, isEnding = false }: Facts = {}): KubeObject {
  const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: '',
      labels,
      ...(ownerUid === undefined ? {} : { ownerReferences: [{ ...reference, uid: ownerUid }] }),
      ...(isEnding ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
  };
}

const matches = newEqualityMatcher({ app: 'web' });
const web = { labels: { app: 'web' } };
const CANDIDATES = [
  object('owned', { ...web, ownerUid: 'rs' }),
  object('owned-ending', { ...web, ownerUid: 'rs', isEnding: true }),
  object('owned-other-labels', { ownerUid: 'rs' }),
  object('orphan', web),
  object('orphan-ending', { ...web, isEnding: true }),
  object('orphan-other-labels'),
  object('foreign', { ...web, ownerUid: 'someone-else' }),
];

const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name);

test('planClaims keeps its own, adopts matching orphans, releases what no longer matches', () => {
  const { owned, adopt, release } = planClaims(object('rs'), matches, CANDIDATES);
  deepEqual(names(owned), ['owned', 'owned-ending']);
  deepEqual(names(adopt), ['orphan']);
  deepEqual(names(release), ['owned-other-labels']);
});

test('planClaims of an owner that is being deleted neither adopts nor releases', () => {
  const { owned, adopt, release } = planClaims(object('rs', { isEnding: true }), matches, CANDIDATES);
  deepEqual([names(owned), adopt, release], [['owned', 'owned-ending'], [], []]);
});
