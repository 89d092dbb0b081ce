/**
 * Validation of containers: names, ports, environment, probes, hooks, mounts, resources.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateContainers
 */
import type {
  Container,
  ContainerPort,
  EnvVar,
  LifecycleHandler,
  Probe,
  VolumeMount,
} from '../generated/core-v1.ts';
import { validateResources } from './container-resources.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  untilMany,
} from './field-error.ts';
import { dns1123LabelProblem, environmentNameProblem, portNameProblem, portNumberProblem } from './names.ts';

export interface ContainerContext {
  /** Names of the Pod's volumes. */
  volumes: ReadonlySet<string>;
  /** An init container that is no sidecar: it may have neither probes nor hooks. */
  runsToCompletion: boolean;
}

export function validateContainer(
  container: Container,
  field: string,
  context: ContainerContext,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!container.name) errors.push(required(`${field}.name`));
  else errors.push(...named(`${field}.name`, container.name, dns1123LabelProblem(container.name)));
  if (!container.image) errors.push(required(`${field}.image`));
  else if (container.image.trim() !== container.image) {
    errors.push(invalid(`${field}.image`, container.image, 'must not have leading or trailing whitespace'));
  }
  errors.push(
    ...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
  );
  errors.push(
    ...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ]),
  );
  errors.push(...validatePorts(container.ports ?? [], `${field}.ports`));
  errors.push(
    ...errorsOfEach(container.env ?? [], (variable, i) => validateEnv(variable, `${field}.env[${i}]`)),
  );
  errors.push(...validateMounts(container.volumeMounts ?? [], `${field}.volumeMounts`, context.volumes));
  errors.push(...validateResources(container.resources, `${field}.resources`));
  errors.push(...validateLifecycle(container, field, context));
  return errors;
}

export function oneOf(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function named(field: string, value: unknown, problem: string | undefined): FieldError[] {
  return problem === undefined ? [] : [invalid(field, value, problem)];
}

export function notNegative(field: string, value: number | undefined): FieldError[] {
  return value === undefined || value >= 0
    ? []
    : [invalid(field, value, 'must be greater than or equal to 0')];
}

function validateLifecycle(container: Container, field: string, context: ContainerContext): FieldError[] {
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
  if (context.runsToCompletion) {
    const set = [...probes, 'lifecycle' as const].filter((name) => container[name] !== undefined);
    return set.map((name) =>
      forbidden(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
    );
  }
  const errors = probes.flatMap((name) => {
    const probe = container[name];
    return probe === undefined ? [] : validateProbe(probe, `${field}.${name}`, name !== 'readinessProbe');
  });
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = container.lifecycle?.[hook];
    if (handler) errors.push(...validateHandler(handler, `${field}.lifecycle.${hook}`, HOOK_ACTIONS));
  }
  return errors;
}

const PROBE_ACTIONS = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const;
const HOOK_ACTIONS = ['exec', 'httpGet', 'tcpSocket', 'sleep'] as const;

function validateProbe(probe: Probe, field: string, succeedsOnce: boolean): FieldError[] {
  const errors = validateHandler(probe, field, PROBE_ACTIONS);
  const numbers = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const;
  for (const name of numbers) errors.push(...notNegative(`${field}.${name}`, probe[name]));
  if (succeedsOnce && probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(invalid(`${field}.successThreshold`, probe.successThreshold, 'must be 1'));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) {
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  }
  if (!succeedsOnce && grace !== undefined) {
    errors.push(
      invalid(`${field}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'),
    );
  }
  return errors;
}

type Action = LifecycleHandler & Pick<Probe, 'grpc'>;

/** Exactly one of the actions must be given. */
function validateHandler(handler: Action, field: string, actions: readonly (keyof Action)[]): FieldError[] {
  const [first, ...others] = actions.filter((action) => handler[action] !== undefined);
  if (first === undefined) return [required(field, 'must specify a handler type')];
  const errors = others.map((action) =>
    forbidden(`${field}.${action}`, 'may not specify more than 1 handler type'),
  );
  if (handler.exec && (handler.exec.command?.length ?? 0) === 0)
    errors.push(required(`${field}.exec.command`));
  if (handler.httpGet) {
    errors.push(...validatePortReference(handler.httpGet.port, `${field}.httpGet.port`));
    errors.push(...oneOf(`${field}.httpGet.scheme`, handler.httpGet.scheme, ['HTTP', 'HTTPS']));
    for (const header of untilMany(errors, handler.httpGet.httpHeaders ?? [])) {
      const valid = /^[-A-Za-z0-9!#$%&'*+.^_`|~]+$/.test(header.name);
      if (!valid)
        errors.push(
          invalid(
            `${field}.httpGet.httpHeaders`,
            header.name,
            "a valid HTTP header must consist of alphanumeric characters or '-'",
          ),
        );
    }
  }
  if (handler.tcpSocket)
    errors.push(...validatePortReference(handler.tcpSocket.port, `${field}.tcpSocket.port`));
  if (handler.grpc)
    errors.push(...named(`${field}.grpc.port`, handler.grpc.port, portNumberProblem(handler.grpc.port)));
  return errors;
}

/** A number or the name of a container port. */
export function validatePortReference(port: number | string | undefined, field: string): FieldError[] {
  if (port === undefined) return [required(field)];
  return named(field, port, typeof port === 'number' ? portNumberProblem(port) : portNameProblem(port));
}

function validatePorts(ports: readonly ContainerPort[], field: string): FieldError[] {
  const names = new Set<string>();
  return errorsOfEach(ports, (port, index) => {
    const path = `${field}[${index}]`;
    const errors: FieldError[] = [];
    if (port.name) {
      errors.push(...named(`${path}.name`, port.name, portNameProblem(port.name)));
      if (names.has(port.name)) errors.push(duplicate(`${path}.name`, port.name));
      names.add(port.name);
    }
    if (port.containerPort === undefined) errors.push(required(`${path}.containerPort`));
    else
      errors.push(
        ...named(`${path}.containerPort`, port.containerPort, portNumberProblem(port.containerPort)),
      );
    if (port.hostPort)
      errors.push(...named(`${path}.hostPort`, port.hostPort, portNumberProblem(port.hostPort)));
    return [...errors, ...oneOf(`${path}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP'])];
  });
}

function validateEnv(variable: EnvVar, field: string): FieldError[] {
  const errors = variable.name
    ? named(`${field}.name`, variable.name, environmentNameProblem(variable.name))
    : [required(`${field}.name`)];
  const source = variable.valueFrom;
  if (source === undefined) return errors;
  const count = Object.values(source).filter((value) => value !== undefined).length;
  if (count === 0)
    errors.push(
      invalid(
        `${field}.valueFrom`,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
      ),
    );
  if (count > 1)
    errors.push(invalid(`${field}.valueFrom`, '', 'may not have more than one field specified at a time'));
  if (variable.value)
    errors.push(invalid(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty'));
  return errors;
}

function validateMounts(
  mounts: readonly VolumeMount[],
  field: string,
  volumes: ReadonlySet<string>,
): FieldError[] {
  const paths = new Set<string>();
  return errorsOfEach(mounts, (mount, index) => {
    const path = `${field}[${index}]`;
    const errors: FieldError[] = [];
    if (!mount.name) errors.push(required(`${path}.name`));
    else if (!volumes.has(mount.name)) errors.push(notFound(`${path}.name`, mount.name));
    if (!mount.mountPath) errors.push(required(`${path}.mountPath`));
    else if (paths.has(mount.mountPath))
      errors.push(invalid(`${path}.mountPath`, mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    if (mount.subPath) errors.push(...validateRelativePath(mount.subPath, `${path}.subPath`));
    if (mount.subPath && mount.subPathExpr)
      errors.push(
        invalid(`${path}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
      );
    return errors;
  });
}

/** A path inside a volume may not leave it. */
export function validateRelativePath(path: string, field: string): FieldError[] {
  if (path.startsWith('/')) return [invalid(field, path, 'must be a relative path')];
  return path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];
}
