/**
 * Validation of containers: what all have in common, and what only some may say.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateContainers, validateInitContainers
 */
import type { Container, Volume } from '../generated/core-v1.ts';
import { validatePorts } from './container-ports.ts';
import { validateResources } from './container-resources.ts';
import {
  refuseResizeRestarts,
  validateContainerRestarts,
  validateResizePolicies,
} from './container-restarts.ts';
import { validateEnvFrom, validateEnvironment } from './environment.ts';
import { namedRequired, oneOf } from './field-checks.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { dns1123LabelProblem } from './names.ts';
import { refuseProbesAndHooks, validateProbesAndHooks } from './probes.ts';
import { validateMountsAndDevices } from './volume-mounts.ts';

/** What a container must know of its Pod. */
export interface ContainerContext {
  /** The Pod's good volumes, by name. */
  volumes: ReadonlyMap<string, Volume>;
  /** The Pod's. */
  restartPolicy: string | undefined;
  gracePeriodSeconds: number | undefined;
  /** No template, of which something else may still make an image's name. */
  isPod: boolean;
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];

/** Of a regular container, or of an init container that stays (a sidecar). */
export function validateContainer(
  container: Container,
  field: string,
  context: ContainerContext,
): FieldError[] {
  return [
    ...validateAnyContainer(container, field, context),
    ...validateProbesAndHooks(container, field, context.gracePeriodSeconds),
    ...validateContainerRestarts(container, field),
  ];
}

/** Of an init container that runs to its end. */
export function validateInitContainer(
  container: Container,
  field: string,
  context: ContainerContext,
): FieldError[] {
  return [
    ...validateAnyContainer(container, field, context),
    ...validateContainerRestarts(container, field),
    ...refuseProbesAndHooks(container, field),
    ...refuseResizeRestarts(container.resizePolicy ?? [], `${field}.resizePolicy`),
  ];
}

/** What holds for all containers, ephemeral ones too. */
export function validateAnyContainer(
  container: Container,
  field: string,
  { volumes, restartPolicy, isPod }: ContainerContext,
): FieldError[] {
  const { image, env, envFrom, resizePolicy, terminationMessagePolicy, imagePullPolicy } = container;
  const errors = namedRequired(`${field}.name`, container.name, dns1123LabelProblem);
  if (!image) errors.push(required(`${field}.image`));
  else if (isPod && image.trim() !== image)
    errors.push(invalid(`${field}.image`, image, 'must not have leading or trailing whitespace'));
  errors.push(...oneOf(`${field}.terminationMessagePolicy`, terminationMessagePolicy, MESSAGE_POLICIES));
  if (container.ports) errors.push(...validatePorts(container.ports, `${field}.ports`));
  if (env) errors.push(...validateEnvironment(env, `${field}.env`, volumes));
  if (envFrom) errors.push(...validateEnvFrom(envFrom, `${field}.envFrom`));
  if (container.volumeMounts || container.volumeDevices)
    errors.push(...validateMountsAndDevices(container, field, volumes));
  errors.push(...oneOf(`${field}.imagePullPolicy`, imagePullPolicy, PULL_POLICIES));
  errors.push(...validateResources(container.resources, `${field}.resources`));
  if (resizePolicy)
    errors.push(...validateResizePolicies(resizePolicy, `${field}.resizePolicy`, restartPolicy));
  return errors;
}
