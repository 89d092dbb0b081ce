/** Whether a value is of a type, as far as that decides between overloads. */
import type { CelType } from './cel-type.ts';
import {
  CelDuration,
  CelMap,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
  isList,
} from './value.ts';

type Check = (value: CelValue, type: never) => boolean;

const CHECKS: Readonly<Record<CelType['kind'], Check>> = {
  dyn: () => true,
  param: () => true,
  null: (value) => value === null,
  bool: (value) => typeof value === 'boolean',
  int: (value) => typeof value === 'bigint',
  double: (value) => typeof value === 'number',
  uint: (value) => value instanceof CelUint,
  string: (value) => typeof value === 'string',
  bytes: (value) => value instanceof Uint8Array,
  timestamp: (value) => value instanceof CelTimestamp,
  duration: (value) => value instanceof CelDuration,
  type: (value) => value instanceof CelTypeValue,
  optional: (value) => value instanceof CelOptional,
  map: (value) => value instanceof CelMap,
  object: (value) => value instanceof CelMap,
  list: (value, { item }: { item: CelType }) => isList(value) && hasItems(value, item),
  opaque: (value, { name }: { name: string }) => value instanceof CelOpaque && value.typeName === name,
};

function hasItems(list: readonly CelValue[], item: CelType): boolean {
  return item.kind === 'dyn' || item.kind === 'param' || list.every((value) => hasType(value, item));
}

export function hasType(value: CelValue, type: CelType): boolean {
  return CHECKS[type.kind](value, type as never);
}
