/** Validation of the ports of Services. @see kubernetes/kubernetes pkg/apis/core/validation/validation.go validateServicePort */
import type { ServicePort, ServiceSpec } from '../generated/core-v1.ts';
import { validatePortReference } from './container-ports.ts';
import { named } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, forbidden, required } from './field-error.ts';
import { dns1123LabelProblem, portNumberProblem, qualifiedNameProblem } from './names.ts';
import { requiredOneOf } from './required-one-of.ts';

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'] as const;

export function validateServicePorts({ ports = [], type }: ServiceSpec): FieldError[] {
  const names = new Set<string>();
  const errors = errorsOfEach(ports, (port, index) => {
    const field = `spec.ports[${index}]`;
    return [
      ...validateName(port, `${field}.name`, { names, isRequired: ports.length > 1 }),
      ...named(`${field}.port`, port.port, portNumberProblem(port.port)),
      ...requiredOneOf(`${field}.protocol`, port.protocol, PROTOCOLS),
      ...(port.targetPort === undefined ? [] : validatePortReference(port.targetPort, `${field}.targetPort`)),
      ...(port.appProtocol === undefined
        ? []
        : named(`${field}.appProtocol`, port.appProtocol, qualifiedNameProblem(port.appProtocol))),
    ];
  });
  if (type === 'ClusterIP') errors.push(...validateNoNodePorts(ports));
  return [...errors, ...validateUnique(ports)];
}

function validateName(
  { name }: ServicePort,
  field: string,
  { names, isRequired }: { names: Set<string>; isRequired: boolean },
): FieldError[] {
  if (!name) return isRequired ? [required(field)] : [];
  const errors = named(field, name, dns1123LabelProblem(name));
  if (names.has(name)) errors.push(duplicate(field, name));
  names.add(name);
  return errors;
}

function validateNoNodePorts(ports: readonly ServicePort[]): FieldError[] {
  return errorsOfEach(ports, ({ nodePort }, index) =>
    nodePort
      ? [forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'")]
      : [],
  );
}

/** No two may be for the same protocol and number, neither of the Service nor of the nodes. */
function validateUnique(ports: readonly ServicePort[]): FieldError[] {
  if (ports.length < 2) return [];
  const nodePorts = new Set<string>();
  const numbers = new Set<string>();
  const ofNodes = errorsOfEach(ports, ({ protocol, nodePort }, index) => {
    const isTaken = nodePort && !isAdded(nodePorts, `${protocol}/${nodePort}`);
    return isTaken ? [duplicate(`spec.ports[${index}].nodePort`, nodePort)] : [];
  });
  const ofService = errorsOfEach(ports, ({ protocol, port }, index) =>
    isAdded(numbers, `${protocol}/${port}`) ? [] : [duplicate(`spec.ports[${index}]`, { port, protocol })],
  );
  return [...ofNodes, ...ofService];
}

function isAdded(set: Set<string>, key: string): boolean {
  const { size } = set;
  return set.add(key).size > size;
}
