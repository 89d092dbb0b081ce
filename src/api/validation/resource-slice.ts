/** Validation of ResourceSlices. @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateResourceSliceSpec */
import type {
  CounterSet,
  Device,
  ResourcePool,
  ResourceSlice,
  ResourceSliceSpec,
} from '../generated/resource-v1.ts';
import { validateNodeSelector } from './affinity.ts';
import { validateSet } from './bounded-list.ts';
import { validateCsiDriverName } from './csi-driver-name.ts';
import { validateCounterSetName, validateCounters, validateDevice } from './device.ts';
import { validatePoolName } from './device-names.ts';
import { named } from './field-checks.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { validateImmutable } from './immutable.ts';
import { dns1123SubdomainProblem } from './names.ts';

const DEVICES_MAX = 128;
const COMPLEX_DEVICES_MAX = 64;
const COUNTER_SETS_MAX = 8;

/** Objects come as they are sent: what is required may be absent. */
type SentSpec = Partial<ResourceSliceSpec>;

export function validateResourceSlice({ spec = {} }: { spec?: SentSpec }): FieldError[] {
  return [...validatePool(spec), ...validateContents(spec)];
}

export function validateResourceSliceUpdate(
  { spec = {} }: { spec?: SentSpec },
  { spec: old }: ResourceSlice,
): FieldError[] {
  return [
    ...validatePool(spec),
    ...validateImmutable('spec.pool.name', spec.pool?.name, old.pool.name),
    ...validateImmutable('spec.driver', spec.driver, old.driver),
    ...validateImmutable('spec.nodeName', spec.nodeName, old.nodeName),
    ...validateContents(spec, old),
  ];
}

function validatePool({
  driver,
  pool = {},
}: Omit<SentSpec, 'pool'> & { pool?: Partial<ResourcePool> }): FieldError[] {
  const { resourceSliceCount: count = 0, generation = 0 } = pool;
  const errors = [
    ...validateCsiDriverName(driver, 'spec.driver'),
    ...validatePoolName(pool.name, 'spec.pool.name'),
  ];
  if (count <= 0) errors.push(invalid('spec.pool.resourceSliceCount', count, 'must be greater than zero'));
  if (generation < 0)
    errors.push(invalid('spec.pool.generation', generation, 'must be greater than or equal to zero'));
  return errors;
}

function validateContents(spec: SentSpec, old?: ResourceSliceSpec): FieldError[] {
  const { devices = [], sharedCounters = [] } = spec;
  const both =
    spec.sharedCounters !== undefined && spec.devices !== undefined
      ? [invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed')]
      : [];
  const before = new Map(old?.devices?.map((device) => [device.name, device]));
  const choosesNodes = spec.perDeviceNodeSelection === true;
  const isComplex = devices.some(isComplexDevice);
  return [
    ...validateNodeChoice(spec),
    ...both,
    ...validateSet(devices, isComplex ? COMPLEX_DEVICES_MAX : DEVICES_MAX, 'spec.devices', {
      keyOf: ({ name = '' }: Partial<Device>) => name,
      errorsOf: (device, at) => validateDevice(device, at, { old: before.get(device.name), choosesNodes }),
    }),
    ...validateSet(sharedCounters, COUNTER_SETS_MAX, 'spec.sharedCounters', {
      keyOf: ({ name = '' }: Partial<CounterSet>) => name,
      errorsOf: ({ name, counters }: Partial<CounterSet>, at) => [
        ...validateCounterSetName(name, `${at}.name`),
        ...validateCounters(counters, `${at}.counters`),
      ],
    }),
  ];
}

/** Of devices that take more work to allocate a slice has fewer. */
function isComplexDevice({ taints = [], consumesCounters = [], attributes = {} }: Device): boolean {
  if (taints.length > 0 || consumesCounters.length > 0) return true;
  return Object.values(attributes).some(
    ({ bools, ints, strings, versions }) => (bools ?? ints ?? strings ?? versions) !== undefined,
  );
}

const CHOICES = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;
const ONE_CHOICE =
  'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

/** Where the devices can be used. */
function validateNodeChoice(spec: SentSpec): FieldError[] {
  const { nodeName, nodeSelector } = spec;
  const errors: FieldError[] = [];
  if (nodeName === '')
    errors.push(invalid('spec.nodeName', '', 'must be either unset or set to a non-empty string'));
  else if (nodeName) errors.push(...named('spec.nodeName', nodeName, dns1123SubdomainProblem(nodeName)));
  if (nodeSelector !== undefined) {
    const terms: unknown[] | undefined = nodeSelector.nodeSelectorTerms;
    errors.push(...validateNodeSelector(nodeSelector, 'spec.nodeSelector'));
    if (terms?.length !== 1) {
      const why = 'must have exactly one node selector term';
      errors.push(invalid('spec.nodeSelector.nodeSelectorTerms', terms, why));
    }
  }
  for (const flag of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[flag] === false)
      errors.push(invalid(`spec.${flag}`, false, 'must be either unset or set to true'));
  }
  const given = CHOICES.filter((choice) => spec[choice]).map((choice) => `\`${choice}\``);
  if (given.length === 0) errors.push(required('spec', ONE_CHOICE));
  if (given.length > 1)
    errors.push(invalid('spec', `{${given.join(', ')}}`, `${ONE_CHOICE}, but multiple fields are set`));
  return errors;
}
