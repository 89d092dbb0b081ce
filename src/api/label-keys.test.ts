import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from './generated/core-v1.ts';
import { mergeLabelKeys, narrowedSelector } from './label-keys.ts';

const LABELS = { app: 'web', hash: '1' };
const TERM = { topologyKey: 'zone', matchLabelKeys: ['hash', 'none'], mismatchLabelKeys: ['app'] };
const HASH = { key: 'hash', operator: 'In', values: ['1'] };
const NOT_APP = { key: 'app', operator: 'NotIn', values: ['web'] };

function merged(spec: object): PodSpec {
  const pod = { metadata: { labels: LABELS }, spec: JSON.parse(JSON.stringify(spec)) } as unknown as Pod;
  mergeLabelKeys(pod);
  return pod.spec;
}

test('mergeLabelKeys writes a Pod’s own values into every term, behind what is there', () => {
  const mine = { key: 'a', operator: 'Exists' };
  const term = { ...TERM, labelSelector: { matchLabels: { b: 'c' }, matchExpressions: [mine] } };
  const result = {
    ...TERM,
    labelSelector: { matchLabels: { b: 'c' }, matchExpressions: [mine, HASH, NOT_APP] },
  };
  const affinityOf = (each: object) => ({
    requiredDuringSchedulingIgnoredDuringExecution: [each],
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: each }],
  });
  const affinity = { podAffinity: affinityOf(term), podAntiAffinity: affinityOf(term) };
  const wanted = { podAffinity: affinityOf(result), podAntiAffinity: affinityOf(result) };
  deepEqual(merged({ affinity }), { affinity: wanted });
});

test('mergeLabelKeys passes over a term that is missing, which is for validation to say', () => {
  const affinity = { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }] } };
  deepEqual(merged({ affinity }), { affinity });
});

test('mergeLabelKeys narrows spread constraints, and nothing that selects nothing', () => {
  const constraint = { maxSkew: 1, topologyKey: 'zone', matchLabelKeys: ['hash'] };
  deepEqual(merged({ topologySpreadConstraints: [{ ...constraint, labelSelector: {} }, constraint] }), {
    topologySpreadConstraints: [{ ...constraint, labelSelector: { matchExpressions: [HASH] } }, constraint],
  });
});

test('narrowedSelector adds only what no server has written, whatever the labels are now', () => {
  const written = { matchExpressions: [{ ...HASH, values: ['0'] }] };
  deepEqual(narrowedSelector({ ...TERM, labelSelector: written }, LABELS), {
    matchExpressions: [...written.matchExpressions, NOT_APP],
  });
  deepEqual(narrowedSelector(TERM, LABELS), undefined);
});
