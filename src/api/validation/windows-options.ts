/**
 * Validation of what is said for Windows in security contexts.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateWindowsSecurityContextOptions
 */
import type { PodSpec, WindowsSecurityContextOptions } from '../generated/core-v1.ts';
import { named } from './field-checks.ts';
import { type FieldError, invalid, untilMany } from './field-error.ts';
import { dns1123SubdomainProblem } from './names.ts';
import { containersOf } from './pod-containers.ts';

const CREDENTIAL_SPEC_MAX_KIB = 64;
const DOMAIN_MAX = 256;
const USER_MAX = 104;
const NETBIOS_DOMAIN = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_DOMAIN =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

export function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  field: string,
): FieldError[] {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const errors: FieldError[] = [];
  if (name !== undefined)
    errors.push(...named(`${field}.gmsaCredentialSpecName`, name, dns1123SubdomainProblem(name)));
  if (spec !== undefined)
    errors.push(...named(`${field}.gmsaCredentialSpec`, spec, credentialSpecProblem(spec)));
  if (user !== undefined)
    errors.push(...userNameProblems(user).map((problem) => invalid(`${field}.runAsUserName`, user, problem)));
  return errors;
}

function credentialSpecProblem(spec: string): string | undefined {
  if (spec === '') return 'gmsaCredentialSpec cannot be an empty string';
  if (spec.length <= CREDENTIAL_SPEC_MAX_KIB * 1024) return undefined;
  return `gmsaCredentialSpec size must be under ${CREDENTIAL_SPEC_MAX_KIB} KiB`;
}

/** `USER` or `DOMAIN\USER`. */
function userNameProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (hasControl(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const domain = parts.length === 2 ? parts[0]! : undefined;
  return [...(domain === undefined ? [] : domainProblems(domain)), ...userProblems(parts.at(-1)!)];
}

/** Of ASCII. */
function hasControl(text: string): boolean {
  return text.split('').some((character) => character < ' ' || character === '\u007f');
}

function domainProblems(domain: string): string[] {
  const problems: string[] = [];
  if (domain.length >= DOMAIN_MAX)
    problems.push(`runAsUserName's Domain length must be under ${DOMAIN_MAX} characters`);
  if (!NETBIOS_DOMAIN.test(domain) && !DNS_DOMAIN.test(domain))
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  return problems;
}

function userProblems(user: string): string[] {
  if (user === '') return ["runAsUserName's User cannot be empty"];
  const problems: string[] = [];
  if (user.length > USER_MAX)
    problems.push(`runAsUserName's User length must not be longer than ${USER_MAX} characters`);
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  return problems;
}

/** Containers that are processes of the host: all or none, and in its network. @see validateWindowsHostProcessPod */
export function validateHostProcess(spec: PodSpec, field: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  let count = 0;
  let others = 0;
  for (const { container, path } of untilMany(errors, containersOf(spec, field))) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      errors.push(invalid(`${path}.securityContext.windowsOptions.hostProcess`, own, why));
    }
    if (own ?? ofPod) count++;
    else others++;
  }
  if (count > 0 && others > 0) {
    const why =
      'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalid(field, '', why));
  }
  if (count > 0 && !spec.hostNetwork) {
    const why = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(`${field}.hostNetwork`, false, why));
  }
  return errors;
}
