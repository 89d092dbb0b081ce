/** Names of kernel parameters that a Pod asks for. @see pkg/apis/core/validation/validation.go validateSysctls */
import type { PodSpec, Sysctl } from '../generated/core-v1.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, required } from './field-error.ts';

const SEGMENT = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const NAME = `^(${SEGMENT}[\\./])*${SEGMENT}$`;
const NAME_PATTERN = new RegExp(NAME);
const NAME_MAX = 253;

/** What of the host a Pod may share, and the parameters that are then the host's, as they begin. */
const SHARED = [
  ['hostNetwork', /^net\./],
  ['hostIPC', /^(kernel\.(sem$|shm|msg)|fs\.mqueue\.)/],
] as const;

type Sharing = Pick<PodSpec, 'hostNetwork' | 'hostIPC'>;

export function validateSysctls(sysctls: readonly Sysctl[], field: string, sharing: Sharing): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(sysctls, ({ name }, i) => {
    const path = `${field}[${i}].name`;
    if (!name) return [required(path)];
    if (name.length > NAME_MAX || !NAME_PATTERN.test(name))
      return [invalid(path, name, `must have at most ${NAME_MAX} characters and match regex ${NAME}`)];
    // As a path or with dots it is the same.
    const canonical = name.replaceAll('/', '.');
    if (seen.has(canonical)) return [duplicate(path, name)];
    seen.add(canonical);
    const shared = SHARED.find(([part, names]) => sharing[part] === true && names.test(canonical));
    return shared === undefined
      ? []
      : [invalid(path, name, `may not be specified when '${shared[0]}' is true`)];
  });
}
