/** Protobuf's wire types, and in which of them upstream writes each scalar. */
import type { Scalar } from '../schema.ts';

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

const WIRES: Partial<Record<Scalar, number>> = {
  bool: WIRE_VARINT,
  int32: WIRE_VARINT,
  int64: WIRE_VARINT,
  uint32: WIRE_VARINT,
  double: WIRE_FIXED64,
};

/** @param scalar  undefined for a message */
export function wireTypeOf(scalar: Scalar | undefined): number {
  return (scalar === undefined ? undefined : WIRES[scalar]) ?? WIRE_BYTES;
}
