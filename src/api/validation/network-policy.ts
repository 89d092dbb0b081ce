/** Validation of NetworkPolicies. @see kubernetes/kubernetes pkg/apis/networking/validation/validation.go */
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../generated/networking-v1.ts';
import { containsNetwork, parseNetwork } from '../ip-network.ts';
import { named } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, required, unsupported } from './field-error.ts';
import { validateCidr, withoutLeadingZeros } from './ip-fields.ts';
import { portNameProblem, portNumberProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';

const POLICY_TYPES = ['Ingress', 'Egress'];
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

/** One direction's rules; `peers` is named `from` or `to`. */
interface Rules {
  field: string;
  rules: readonly { ports: readonly NetworkPolicyPort[]; peers: readonly NetworkPolicyPeer[] }[];
  peers: 'from' | 'to';
}

export function validateNetworkPolicy(policy: NetworkPolicy): FieldError[] {
  return validateSpec(policy.spec, new Set());
}

/** Ranges that the old policy has anywhere may stay. */
export function validateNetworkPolicyUpdate({ spec }: NetworkPolicy, old: NetworkPolicy): FieldError[] {
  const blocks = directionsOf(old.spec).flatMap(({ rules }) =>
    rules.flatMap(({ peers }) => peers.flatMap(({ ipBlock }) => ipBlock ?? [])),
  );
  return validateSpec(spec, new Set(blocks.flatMap(({ cidr, except = [] }) => [cidr, ...except])));
}

function directionsOf({ ingress = [], egress = [] }: NetworkPolicySpec): Rules[] {
  return [
    {
      field: 'spec.ingress',
      rules: ingress.map(({ ports = [], from = [] }) => ({ ports, peers: from })),
      peers: 'from',
    },
    {
      field: 'spec.egress',
      rules: egress.map(({ ports = [], to = [] }) => ({ ports, peers: to })),
      peers: 'to',
    },
  ];
}

function validateSpec(spec: NetworkPolicySpec, kept: ReadonlySet<string>): FieldError[] {
  const errors = validateLabelSelector(spec.podSelector, 'spec.podSelector');
  for (const { field, rules, peers: name } of directionsOf(spec)) {
    errors.push(
      ...errorsOfEach(rules, ({ ports, peers }, index) => [
        ...errorsOfEach(ports, (port, i) => validatePort(port, `${field}[${index}].ports[${i}]`)),
        ...errorsOfEach(peers, (peer, i) => validatePeer(peer, `${field}[${index}].${name}[${i}]`, kept)),
      ]),
    );
  }
  return [...errors, ...validatePolicyTypes(spec.policyTypes ?? [])];
}

function validatePolicyTypes(types: readonly string[]): FieldError[] {
  const field = 'spec.policyTypes';
  if (types.length > POLICY_TYPES.length)
    return [invalid(field, types, 'may not specify more than two policyTypes')];
  return types.flatMap((type, i) =>
    POLICY_TYPES.includes(type) ? [] : [unsupported(`${field}[${i}]`, type, POLICY_TYPES)],
  );
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !PROTOCOLS.includes(protocol))
    errors.push(unsupported(`${field}.protocol`, protocol, PROTOCOLS));
  if (typeof port === 'number') errors.push(...named(`${field}.port`, port, portNumberProblem(port)));
  if (endPort !== undefined) errors.push(...validateEndPort(port, endPort, `${field}.endPort`));
  if (typeof port === 'string') errors.push(...named(`${field}.port`, port, portNameProblem(port)));
  return errors;
}

function validateEndPort(port: NetworkPolicyPort['port'], endPort: number, field: string): FieldError[] {
  if (port === undefined)
    return [invalid(field, endPort, 'may not be specified when `port` is not specified')];
  if (typeof port === 'string')
    return [invalid(field, endPort, 'may not be specified when `port` is non-numeric')];
  // Upstream shows the other port.
  const errors = endPort < port ? [invalid(field, port, 'must be greater than or equal to `port`')] : [];
  return [...errors, ...named(field, endPort, portNumberProblem(endPort))];
}

function validatePeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  field: string,
  kept: ReadonlySet<string>,
): FieldError[] {
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined;
  const errors = [
    ...validateLabelSelector(podSelector, `${field}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`),
    ...(ipBlock === undefined ? [] : validateBlock(ipBlock, `${field}.ipBlock`, kept)),
  ];
  if (!hasSelector && ipBlock === undefined) errors.push(required(field, 'must specify a peer'));
  if (hasSelector && ipBlock !== undefined)
    errors.push(forbidden(field, 'may not specify both ipBlock and another peer'));
  return errors;
}

function validateBlock(
  { cidr, except = [] }: IPBlock,
  field: string,
  kept: ReadonlySet<string>,
): FieldError[] {
  if (!cidr) return [required(`${field}.cidr`)];
  const errors = validateCidr(`${field}.cidr`, cidr, kept);
  const outer = parseNetwork(withoutLeadingZeros(cidr));
  if (outer === undefined) return errors;
  const strict = errorsOfEach(except, (text, index) => {
    const at = `${field}.except[${index}]`;
    const wrong = validateCidr(at, text, kept);
    const inner = parseNetwork(withoutLeadingZeros(text));
    if (inner === undefined) return wrong;
    const isInside = containsNetwork(outer, inner) && inner.prefix > outer.prefix;
    return isInside ? wrong : [...wrong, invalid(at, text, 'must be a strict subset of `cidr`')];
  });
  return [...errors, ...strict];
}
