/**
 * What the kubelet does to a container to learn how it is (probes), and when it starts and stops (hooks).
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateProbe, validateHandler, validateLifecycle
 */
import type { Container, HTTPGetAction, LifecycleHandler, Probe } from '../generated/core-v1.ts';
import { validatePortReference } from './container-ports.ts';
import { named, notNegative, oneOf } from './field-checks.ts';
import { type FieldError, forbidden, invalid, required, untilMany } from './field-error.ts';

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

/** Of an init container that is no sidecar: it is over before anybody could ask. */
export function refuseProbesAndHooks(container: Container, field: string): FieldError[] {
  return (['lifecycle', ...PROBES] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) =>
      forbidden(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
    );
}

/** @param gracePeriodSeconds  of the Pod; without one no sleep is too long */
export function validateProbesAndHooks(
  container: Container,
  field: string,
  gracePeriodSeconds: number | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = container.lifecycle?.[hook];
    if (handler)
      errors.push(...validateHandler(handler, `${field}.lifecycle.${hook}`, { gracePeriodSeconds }));
  }
  for (const name of PROBES) {
    const probe = container[name];
    if (probe) errors.push(...validateProbe(probe, `${field}.${name}`, name === 'readinessProbe'));
  }
  return errors;
}

function validateProbe(probe: Probe, field: string, isReadiness: boolean): FieldError[] {
  const errors = validateHandler(probe, field, {});
  for (const name of NUMBERS) errors.push(...notNegative(`${field}.${name}`, probe[name]));
  const { terminationGracePeriodSeconds: grace, successThreshold } = probe;
  const path = `${field}.terminationGracePeriodSeconds`;
  if (grace !== undefined && grace <= 0) errors.push(invalid(path, grace, 'must be greater than 0'));
  if (isReadiness && grace !== undefined)
    errors.push(invalid(path, grace, 'must not be set for readinessProbes'));
  if (!isReadiness && successThreshold !== undefined && successThreshold !== 1)
    errors.push(invalid(`${field}.successThreshold`, successThreshold, 'must be 1'));
  return errors;
}

type Actions = LifecycleHandler & Pick<Probe, 'grpc'>;
type Action = keyof Actions;

interface ActionContext {
  gracePeriodSeconds?: number | undefined;
}

type Validate<T> = (action: T, field: string, context: ActionContext) => FieldError[];

/** In upstream's order: of two actions the first is judged, and the second is one too many. */
const ACTIONS: { readonly [A in Action]-?: Validate<NonNullable<Actions[A]>> } = {
  exec: ({ command }, field) => ((command?.length ?? 0) === 0 ? [required(`${field}.command`)] : []),
  httpGet: validateHttpGet,
  tcpSocket: ({ port }, field) => validatePortReference(port, `${field}.port`),
  grpc: ({ port }, field) => validatePortReference(port, `${field}.port`),
  sleep: ({ seconds }, field, { gracePeriodSeconds: max }) => {
    if (max === undefined || (seconds >= 0 && seconds <= max)) return [];
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${max})`;
    return [invalid(field, seconds, detail)];
  },
};

const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

function validateHandler(handler: Actions, field: string, context: ActionContext): FieldError[] {
  const [first, ...others] = ACTION_NAMES.filter((action) => handler[action] !== undefined);
  if (first === undefined) return [required(field, 'must specify a handler type')];
  const validate = ACTIONS[first] as Validate<unknown>;
  return [
    ...validate(handler[first], `${field}.${first}`, context),
    ...others.map((action) => forbidden(`${field}.${action}`, 'may not specify more than 1 handler type')),
  ];
}

const HEADER_NAME = /^[-A-Za-z0-9]+$/;
const HEADER_NAME_PROBLEM =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

function validateHttpGet({ port, scheme, httpHeaders }: HTTPGetAction, field: string): FieldError[] {
  const errors = [
    ...validatePortReference(port, `${field}.port`),
    ...oneOf(`${field}.scheme`, scheme, ['HTTP', 'HTTPS']),
  ];
  for (const { name = '' } of untilMany(errors, httpHeaders ?? []))
    errors.push(
      ...named(`${field}.httpHeaders`, name, HEADER_NAME.test(name) ? undefined : HEADER_NAME_PROBLEM),
    );
  return errors;
}
