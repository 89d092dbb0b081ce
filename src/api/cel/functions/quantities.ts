/** Quantities: `quantity("1.5Gi")`. Exact to a thousandth. @see k8s.io/apiserver/pkg/cel/library/quantity.go */
import { isQuantity, parseQuantityMilli } from '../../../base/quantity.ts';
import { CelError } from '../cel-error.ts';
import { fn, type Overload } from '../overload.ts';
import { CelOpaque, checkInt } from '../value.ts';

class CelQuantity extends CelOpaque {
  readonly typeName = 'kubernetes.Quantity';
  readonly milli: bigint;

  constructor(milli: bigint) {
    super();
    this.milli = milli;
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelQuantity && other.milli === this.milli;
  }
}

function toQuantity(text: string): CelQuantity {
  const milli = parseQuantityMilli(text);
  if (milli === undefined) {
    throw new CelError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  }
  return new CelQuantity(milli);
}

function compare(a: CelQuantity, b: CelQuantity): number {
  return a.milli < b.milli ? -1 : a.milli > b.milli ? 1 : 0;
}

const isInteger = ({ milli }: CelQuantity) => milli % 1000n === 0n;

function asInteger(quantity: CelQuantity): bigint {
  if (!isInteger(quantity)) throw new CelError('cannot convert value to integer');
  return checkInt(quantity.milli / 1000n, 'cannot convert value to integer');
}

export const QUANTITIES: readonly Overload[] = [
  fn('quantity(string): kubernetes.Quantity', toQuantity),
  fn('isQuantity(string): bool', isQuantity),
  fn('kubernetes.Quantity.sign(): int', ({ milli }: CelQuantity) =>
    milli > 0n ? 1n : milli < 0n ? -1n : 0n,
  ),
  fn('kubernetes.Quantity.isInteger(): bool', isInteger),
  fn('kubernetes.Quantity.asInteger(): int', asInteger),
  fn('kubernetes.Quantity.asApproximateFloat(): double', ({ milli }: CelQuantity) => Number(milli) / 1000),
  fn(
    'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
    (a: CelQuantity, b: CelQuantity) => compare(a, b) > 0,
  ),
  fn(
    'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
    (a: CelQuantity, b: CelQuantity) => compare(a, b) < 0,
  ),
  fn('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: CelQuantity, b: CelQuantity) =>
    BigInt(compare(a, b)),
  ),
  fn(
    'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity',
    (a: CelQuantity, b: CelQuantity) => new CelQuantity(a.milli + b.milli),
  ),
  fn(
    'kubernetes.Quantity.add(int): kubernetes.Quantity',
    (a: CelQuantity, b: bigint) => new CelQuantity(a.milli + b * 1000n),
  ),
  fn(
    'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity',
    (a: CelQuantity, b: CelQuantity) => new CelQuantity(a.milli - b.milli),
  ),
  fn(
    'kubernetes.Quantity.sub(int): kubernetes.Quantity',
    (a: CelQuantity, b: bigint) => new CelQuantity(a.milli - b * 1000n),
  ),
];
