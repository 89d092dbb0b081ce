/** Validation of PriorityLevelConfigurations. @see kubernetes/kubernetes pkg/apis/flowcontrol/validation/validation.go */
import { EXEMPT, MANDATORY_PRIORITY_LEVELS } from '../flow-control/bootstrap.ts';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../generated/flowcontrol-v1.ts';
import { equalJson } from '../json.ts';
import { between } from './field-checks.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from './field-error.ts';

const QUEUES_MAX = 10_000_000;
/** So many bits of a flow's hash may go into its hand. @see k8s.io/apiserver/pkg/util/shufflesharding */
const HASH_BITS_MAX = 60;

/** Carries what an older version of the kind could not say. */
const ZERO_SHARES = 'flowcontrol.k8s.io/preserve-zero-concurrency-shares';

/** Objects come as they are sent: what is required may be empty, and the name may still be made. */
interface SentLevel {
  metadata: Partial<PriorityLevelConfiguration['metadata']>;
  spec: PriorityLevelConfigurationSpec;
}

export function validatePriorityLevel({ metadata, spec }: SentLevel): FieldError[] {
  const { name = '', annotations = {} } = metadata;
  const { type, limited, exempt } = spec;
  const errors: FieldError[] = [];
  if (Object.hasOwn(annotations, ZERO_SHARES))
    errors.push(forbidden('metadata.annotations', `annotation '${ZERO_SHARES}' is forbidden`));
  if ((name === EXEMPT) !== (type === 'Exempt')) {
    errors.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (type === 'Exempt') {
    if (limited !== undefined) {
      errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
    }
    if (exempt !== undefined)
      errors.push(...validateShares(exempt, 'spec.exempt'), ...validateLending(exempt, 'spec.exempt'));
  } else if (type === 'Limited') {
    if (exempt !== undefined) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
    if (limited === undefined) {
      errors.push(required('spec.limited', 'must not be empty when type is Limited'));
    } else errors.push(...validateLimited(limited));
  } else errors.push(notSupported('spec.type', type, ['Exempt', 'Limited']));
  return [...errors, ...validateMandatory(name, spec)];
}

/** Of `exempt`, an administrator may change what it is allotted and lends. */
function validateMandatory(name: string, spec: PriorityLevelConfigurationSpec): FieldError[] {
  const prescribed = MANDATORY_PRIORITY_LEVELS.find((level) => level.name === name);
  if (prescribed === undefined) return [];
  if (name !== EXEMPT) {
    return equalJson(spec, prescribed.spec)
      ? []
      : [invalid('spec', spec, `spec of '${name}' must equal the fixed value`)];
  }
  const { exempt: _mine, ...fixed } = spec;
  const { exempt: _theirs, ...wanted } = prescribed.spec;
  return equalJson(fixed, wanted)
    ? []
    : [invalid('spec', spec, `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`)];
}

interface Shares {
  nominalConcurrencyShares?: number;
  lendablePercent?: number;
}

function validateShares({ nominalConcurrencyShares = 0 }: Shares, path: string): FieldError[] {
  const field = `${path}.nominalConcurrencyShares`;
  return nominalConcurrencyShares >= 0
    ? []
    : [invalid(field, nominalConcurrencyShares, 'must be a non-negative integer')];
}

function validateLending({ lendablePercent = 0 }: Shares, path: string): FieldError[] {
  return between(`${path}.lendablePercent`, lendablePercent, [0, 100]);
}

function validateLimited(limited: LimitedPriorityLevelConfiguration): FieldError[] {
  const { limitResponse, borrowingLimitPercent = 0 } = limited;
  const path = 'spec.limited';
  const errors = [
    ...validateShares(limited, path),
    ...validateLimitResponse(limitResponse),
    ...validateLending(limited, path),
  ];
  if (borrowingLimitPercent < 0) {
    const field = `${path}.borrowingLimitPercent`;
    errors.push(invalid(field, borrowingLimitPercent, 'if specified, must be a non-negative integer'));
  }
  return errors;
}

function validateLimitResponse({ type = '', queuing }: Partial<LimitResponse> = {}): FieldError[] {
  const field = 'spec.limited.limitResponse.queuing';
  if (type === 'Reject') {
    const detail = 'must be nil if limited.limitResponse.type is not Limited';
    return queuing === undefined ? [] : [forbidden(field, detail)];
  }
  if (type !== 'Queue') {
    return [notSupported('spec.limited.limitResponse.type', type, ['Queue', 'Reject'])];
  }
  if (queuing !== undefined) return validateQueuing(queuing, field);
  return [required(field, 'must not be empty if limited.limitResponse.type is Limited')];
}

function validateQueuing(queuing: QueuingConfiguration, path: string): FieldError[] {
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing;
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0) {
    errors.push(invalid(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  }
  if (queues <= 0) errors.push(invalid(`${path}.queues`, queues, 'must be positive'));
  else if (queues > QUEUES_MAX) {
    errors.push(invalid(`${path}.queues`, queues, `must not be greater than ${QUEUES_MAX}`));
  }
  const problem = handProblem(queues, handSize);
  return problem === undefined ? errors : [...errors, invalid(`${path}.handSize`, handSize, problem)];
}

function handProblem(queues: number, handSize: number): string | undefined {
  if (handSize <= 0) return 'must be positive';
  if (handSize > queues) return `should not be greater than queues (${queues})`;
  if (Math.ceil(Math.log2(queues) * handSize) <= HASH_BITS_MAX) return undefined;
  return `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS_MAX}`;
}
