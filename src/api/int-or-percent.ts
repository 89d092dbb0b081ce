/** Fields that take a count or a share of a total: `maxSurge: 25%`. @see k8s.io/apimachinery/pkg/util/intstr */
import { StatusError } from '../base/status-error.ts';

/**
 * `value` as a count: a number as it is, `"25%"` of `total`, rounded up or down. `undefined` is 0.
 * @throws StatusError BadRequest for any other text
 */
export function resolveIntOrPercent(
  value: number | string | undefined,
  total: number,
  rounding: 'up' | 'down',
): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) {
    throw new StatusError('BadRequest', `invalid value for IntOrString: "${value}" is not a percentage`);
  }
  const exact = (Number(percent) * total) / 100;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
