/** Validation of Endpoints. @see kubernetes/kubernetes pkg/apis/core/validation/validation.go validateEndpointSubsets */
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../generated/core-v1.ts';
import { equalJson } from '../json.ts';
import { named } from './field-checks.ts';
import { errorsOfEach, type FieldError, required } from './field-error.ts';
import { validateEndpointIp, validateIp } from './ip-fields.ts';
import {
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  portNumberProblem,
  qualifiedNameProblem,
} from './names.ts';
import { requiredOneOf } from './required-one-of.ts';
import { PROTOCOLS } from './service-ports.ts';

export function validateEndpoints({ subsets = [] }: Endpoints): FieldError[] {
  return errorsOfEach(subsets, (subset, index) => validateSubset(subset, `subsets[${index}]`));
}

/** Subsets that stay as they were may be what is taken no more. */
export function validateEndpointsUpdate(endpoints: Endpoints, old: Endpoints): FieldError[] {
  const errors = validateEndpoints(endpoints);
  return errors.length > 0 && equalJson(endpoints.subsets, old.subsets) ? [] : errors;
}

function validateSubset(subset: EndpointSubset, field: string): FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const isEmpty = addresses.length === 0 && notReadyAddresses.length === 0;
  return [
    ...(isEmpty ? [required(field, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...errorsOfEach(addresses, (address, i) => validateAddress(address, `${field}.addresses[${i}]`)),
    ...errorsOfEach(notReadyAddresses, (address, i) =>
      validateAddress(address, `${field}.notReadyAddresses[${i}]`),
    ),
    ...errorsOfEach(ports, (port, i) => validatePort(port, `${field}.ports[${i}]`, ports.length > 1)),
  ];
}

function validateAddress(
  { ip = '', hostname, nodeName }: Partial<EndpointAddress>,
  field: string,
): FieldError[] {
  return [
    ...validateIp(`${field}.ip`, ip),
    ...(hostname ? named(`${field}.hostname`, hostname, dns1123LabelProblem(hostname)) : []),
    ...(nodeName === undefined
      ? []
      : named(`${field}.nodeName`, nodeName, dns1123SubdomainProblem(nodeName))),
    ...validateEndpointIp(`${field}.ip`, ip),
  ];
}

function validatePort(port: EndpointPort, field: string, needsName: boolean): FieldError[] {
  const { name, appProtocol } = port;
  const errors = name ? named(`${field}.name`, name, dns1123LabelProblem(name)) : [];
  if (!name && needsName) errors.push(required(`${field}.name`));
  errors.push(
    ...named(`${field}.port`, port.port, portNumberProblem(port.port)),
    ...requiredOneOf(`${field}.protocol`, port.protocol, PROTOCOLS),
  );
  if (appProtocol === undefined) return errors;
  return [...errors, ...named(`${field}.appProtocol`, appProtocol, qualifiedNameProblem(appProtocol))];
}
