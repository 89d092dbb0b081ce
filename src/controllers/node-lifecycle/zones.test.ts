import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newNode } from './node.fixture.ts';
import { evaluateZone, evictionRate, ZoneCensus, zoneOf } from './zones.ts';

test('evaluateZone needs three nodes and 55 % not ready for a partial disruption, and all for a full one', () => {
  equal(evaluateZone({ ready: 1, notReady: 0 }), 'normal');
  equal(evaluateZone({ ready: 1, notReady: 1 }), 'normal');
  equal(evaluateZone({ ready: 1, notReady: 2 }), 'normal');
  equal(evaluateZone({ ready: 2, notReady: 3 }), 'partial-disruption');
  equal(evaluateZone({ ready: 9, notReady: 10 }), 'normal');
  equal(evaluateZone({ ready: 9, notReady: 11 }), 'partial-disruption');
  equal(evaluateZone({ ready: 0, notReady: 1 }), 'full-disruption');
});

test('evictionRate stops in a small zone that is largely down, and is slow in a large one', () => {
  equal(evictionRate({ ready: 10, notReady: 1 }), 0.1);
  equal(evictionRate({ ready: 20, notReady: 30 }), 0);
  equal(evictionRate({ ready: 20, notReady: 31 }), 0.01);
  equal(evictionRate({ ready: 0, notReady: 30 }), 0.1);
});

test('zoneOf tells zones of the same name in different regions apart', () => {
  const labels = (region: string, zone: string) => ({
    'topology.kubernetes.io/region': region,
    'topology.kubernetes.io/zone': zone,
  });
  equal(zoneOf(newNode('n')), '');
  equal(zoneOf(newNode('n', { labels: labels('eu', 'a') })), 'eu:\u0000:a');
});

test('ZoneCensus is down only when no zone has a ready node', () => {
  const census = new ZoneCensus();
  equal(census.isClusterDown, false);
  const zone = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } });
  census.note(newNode('a1', { ...zone('a'), ready: 'Unknown' }));
  equal(census.isClusterDown, true);
  census.note(newNode('b1', zone('b')));
  equal(census.isClusterDown, false);
  census.note(newNode('b1', { ...zone('b'), ready: 'False' }));
  equal(census.isClusterDown, true);
  census.forget('a1');
  census.forget('b1');
  deepEqual([...census.zones], []);
});

test('ZoneCensus leaves out a node that excludes itself', () => {
  const census = new ZoneCensus();
  census.note(newNode('n', { labels: { 'node.kubernetes.io/exclude-disruption': '' }, ready: 'False' }));
  equal(census.zones.size, 0);
});
