/**
 * Validation of expressions that choose devices: `device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("8Gi"))`.
 * They are compiled and weighed; nothing here allocates devices, so that nothing evaluates them.
 * @see k8s.io/dynamic-resource-allocation/cel/compile.go
 */
import { CEL_LIMITS } from '../cel/budget.ts';
import { CelCompileError } from '../cel/cel-error.ts';
import { BOOL, type CelType, showType } from '../cel/cel-type.ts';
import { type CompileBudget, TOO_MUCH_TEXT } from '../cel/compile-budget.ts';
import { CelEnvironment, type CelProgram } from '../cel/environment.ts';
import type { CELDeviceSelector, DeviceSelector } from '../generated/resource-v1.ts';
import { validateList } from './bounded-list.ts';
import { type FieldError, forbidden, invalid, required, tooLong } from './field-error.ts';
import { LABEL_MAX, utf8Length } from './names.ts';

const SELECTORS_MAX = 32;
const EXPRESSION_MAX_BYTES = 10 * 1024;

/** As it is sent: what is required may be absent. */
interface SentSelector {
  cel?: Partial<CELDeviceSelector>;
}

/** @param budget  shared by the selectors of an object; absent for those that were stored like this */
export function validateSelectors(
  selectors: readonly DeviceSelector[],
  field: string,
  budget: CompileBudget | undefined,
): FieldError[] {
  return validateList(selectors, SELECTORS_MAX, field, ({ cel }: SentSelector, at) => {
    if (cel === undefined) return [required(`${at}.cel`)];
    const { expression = '' } = cel;
    return budget === undefined ? [] : validateExpression(expression, `${at}.cel.expression`, budget);
  });
}

function validateExpression(expression: string, field: string, budget: CompileBudget): FieldError[] {
  if (utf8Length(expression) > EXPRESSION_MAX_BYTES) return [tooLong(field, EXPRESSION_MAX_BYTES)];
  if (!budget.take(expression)) return [invalid(field, expression, TOO_MUCH_TEXT)];
  const compiled = compile(expression);
  if (typeof compiled === 'string') return [invalid(field, expression, compiled)];
  const isBool = compiled.type.kind === 'bool' || compiled.type.kind === 'dyn';
  if (!isBool) {
    const why = `must evaluate to bool or the unknown type, not ${showType(compiled.type)}`;
    return [invalid(field, expression, why)];
  }
  return compiled.estimatedCost > CEL_LIMITS.perCall
    ? [forbidden(field, 'too complex, exceeds cost limit')]
    : [];
}

/** Or what is wrong with it. */
function compile(expression: string): CelProgram | string {
  try {
    return ENVIRONMENT.compile(expression);
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error;
    return `compilation failed: ${error.message}`;
  }
}

const ENTRIES_MAX = 32;
const IDENTIFIER_MAX = 32;

/** By domain, then by name. */
function byDomain(value: CelType): CelType {
  const byName: CelType = mapOf(IDENTIFIER_MAX, value);
  return mapOf(LABEL_MAX, byName);
}

function mapOf(keyMax: number, value: CelType): CelType {
  return { kind: 'map', key: { kind: 'string', max: keyMax }, value, max: ENTRIES_MAX };
}

const DEVICE_FIELDS: ReadonlyMap<string, CelType> = new Map([
  ['driver', { kind: 'string', max: LABEL_MAX }],
  ['attributes', byDomain({ kind: 'dyn', name: 'any', max: 64 })],
  ['capacity', byDomain({ kind: 'opaque', name: 'kubernetes.Quantity' })],
  ['allowMultipleAllocations', BOOL],
]);

const ENVIRONMENT = new CelEnvironment(
  {
    device: { kind: 'object', name: 'kubernetes.DRADevice', field: (name) => DEVICE_FIELDS.get(name) },
  },
  { allowsBind: true },
);
