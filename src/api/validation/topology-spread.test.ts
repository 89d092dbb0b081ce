import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { TopologySpreadConstraint } from '../generated/core-v1.ts';
import { texts } from './problems.fixture.ts';
import { validateTopologySpread } from './topology-spread.ts';

const SPREAD: TopologySpreadConstraint = {
  maxSkew: 1,
  topologyKey: 'zone',
  whenUnsatisfiable: 'DoNotSchedule',
};

function problems(...constraints: Partial<TopologySpreadConstraint>[]): string[] {
  const whole = constraints.map((constraint) => ({ ...SPREAD, ...constraint }));
  return texts(validateTopologySpread(whole, 's'));
}

test('validateTopologySpread lets Pods spread over several topologies', () => {
  const selected = {
    labelSelector: { matchLabels: { app: 'web' } },
    matchLabelKeys: ['hash'],
    minDomains: 3,
  };
  deepEqual(problems(selected, { topologyKey: 'host' }, { whenUnsatisfiable: 'ScheduleAnyway' }), []);
});

test('validateTopologySpread refuses constraints that cannot be kept to', () => {
  deepEqual(problems({ maxSkew: 0, topologyKey: '', minDomains: 0, whenUnsatisfiable: 'Never' }), [
    's[0].maxSkew: Invalid value: 0: must be greater than zero',
    's[0].topologyKey: Required value: can not be empty',
    's[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"',
    's[0].minDomains: Invalid value: 0: must be greater than zero',
    's[0].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not Never',
  ]);
  deepEqual(problems({ nodeAffinityPolicy: 'x', nodeTaintsPolicy: 'y' }), [
    's[0].nodeAffinityPolicy: Unsupported value: "x": supported values: "Honor", "Ignore"',
    's[0].nodeTaintsPolicy: Unsupported value: "y": supported values: "Honor", "Ignore"',
  ]);
  deepEqual(problems({ matchLabelKeys: ['hash'] }), [
    's[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
  ]);
});

test('validateTopologySpread refuses all but the last constraint of a kind', () => {
  deepEqual(problems({}, { topologyKey: 'host' }, { maxSkew: 2 }), [
    's[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
  ]);
});
