/** @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateContainerPorts, ValidatePortNumOrName */
import type { ContainerPort } from '../generated/core-v1.ts';
import { named, oneOf } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, required } from './field-error.ts';
import { portNameProblem, portNumberProblem } from './names.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** A number or the name of a container port. */
export function validatePortReference(port: number | string | undefined, field: string): FieldError[] {
  if (typeof port === 'string') return named(field, port, portNameProblem(port));
  return validatePortNumber(port ?? 0, field);
}

function validatePortNumber(port: number, field: string): FieldError[] {
  return named(field, port, portNumberProblem(port));
}

export function validatePorts(ports: readonly ContainerPort[], field: string): FieldError[] {
  const names = new Set<string>();
  return errorsOfEach(ports, (port, index) => {
    const path = `${field}[${index}]`;
    const errors = port.name ? validateName(port.name, names, `${path}.name`) : [];
    const { containerPort, hostPort, protocol } = port;
    if (!containerPort) errors.push(required(`${path}.containerPort`));
    else errors.push(...validatePortNumber(containerPort, `${path}.containerPort`));
    if (hostPort) errors.push(...validatePortNumber(hostPort, `${path}.hostPort`));
    return [...errors, ...oneOf(`${path}.protocol`, protocol, PROTOCOLS)];
  });
}

/** @param names  the good ones before it; `name` joins them */
function validateName(name: string, names: Set<string>, field: string): FieldError[] {
  const errors = named(field, name, portNameProblem(name));
  if (errors.length === 0 && names.has(name)) return [duplicate(field, name)];
  names.add(name);
  return errors;
}
