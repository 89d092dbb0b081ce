/**
 * Which flow schema a request belongs to: of those that match, the one with the lowest precedence, and of equals the one
 * whose name comes first. Subjects are looked at once for each user, so that a request costs a look at the few schemas that
 * are about its user.
 *
 * @see k8s.io/apiserver/pkg/util/flowcontrol/rule.go
 */
import { CATCH_ALL } from '../../api/flow-control/bootstrap.ts';
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../api/generated/flowcontrol-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import { assert } from '../../base/assert.ts';
import type { RequestInfo } from '../route.ts';

export type ClassifiedRequest = Pick<
  RequestInfo,
  'isResourceRequest' | 'verb' | 'path' | 'group' | 'resource' | 'subresource' | 'namespace'
>;

/** What flow schemas lead to: whatever their user keeps beside each. */
export interface Classified {
  schema: FlowSchema;
}

/** Of one schema, the rules that are about one user. */
interface Candidate<T> {
  leadsTo: T;
  rules: readonly PolicyRulesWithSubjects[];
}

export class FlowClassifier<T extends Classified> {
  /** In the order in which they are asked. */
  readonly #schemas: readonly T[];
  readonly #last: T;
  /** Who comes with one certificate or token is one value over many requests. */
  readonly #candidates = new WeakMap<UserInfo, readonly Candidate<T>[]>();

  /** @param schemas  `catch-all` must be one of them: it takes what no other does */
  constructor(schemas: readonly T[]) {
    this.#schemas = [...schemas].sort((a, b) => comparePrecedence(a.schema, b.schema));
    const last = this.#schemas.find(({ schema }) => schema.metadata.name === CATCH_ALL);
    assert(last !== undefined, 'there is a flow schema for whatever no other takes');
    this.#last = last;
  }

  classify(request: ClassifiedRequest, user: UserInfo): T {
    let candidates = this.#candidates.get(user);
    if (candidates === undefined) {
      candidates = this.#candidatesFor(user);
      this.#candidates.set(user, candidates);
    }
    for (const { leadsTo, rules } of candidates) {
      for (const rule of rules) if (isAbout(rule, request)) return leadsTo;
    }
    return this.#last;
  }

  #candidatesFor(user: UserInfo): readonly Candidate<T>[] {
    return this.#schemas
      .map((leadsTo) => ({
        leadsTo,
        rules: (leadsTo.schema.spec.rules ?? []).filter(({ subjects }) =>
          subjects.some((subject) => isOne(subject, user)),
        ),
      }))
      .filter(({ rules }) => rules.length > 0);
  }
}

function comparePrecedence(a: FlowSchema, b: FlowSchema): number {
  const difference = (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0);
  return difference || (a.metadata.name < b.metadata.name ? -1 : 1);
}

function isOne(subject: Subject, { username, groups }: UserInfo): boolean {
  const { kind, user, group, serviceAccount } = subject;
  if (kind === 'User') return user !== undefined && (user.name === '*' || user.name === username);
  if (kind === 'Group') return group !== undefined && (group.name === '*' || groups.includes(group.name));
  if (kind !== 'ServiceAccount' || serviceAccount === undefined) return false;
  const prefix = `system:serviceaccount:${serviceAccount.namespace}:`;
  const isAny = serviceAccount.name === '*';
  return isAny ? username.startsWith(prefix) : username === `${prefix}${serviceAccount.name}`;
}

function isAbout(rule: PolicyRulesWithSubjects, request: ClassifiedRequest): boolean {
  const { resourceRules = [], nonResourceRules = [] } = rule;
  return request.isResourceRequest
    ? resourceRules.some((each) => isAboutResource(each, request))
    : nonResourceRules.some((each) => isAboutPath(each, request));
}

function isAboutResource(rule: ResourcePolicyRule, request: ClassifiedRequest): boolean {
  const { verb, group, resource, subresource, namespace } = request;
  return (
    includes(rule.verbs, verb) &&
    includes(rule.resources, subresource === '' ? resource : `${resource}/${subresource}`) &&
    includes(rule.apiGroups, group) &&
    (namespace === '' ? rule.clusterScope === true : includes(rule.namespaces ?? [], namespace))
  );
}

function isAboutPath({ verbs, nonResourceURLs }: NonResourcePolicyRule, request: ClassifiedRequest): boolean {
  const { verb, path } = request;
  return includes(verbs, verb) && nonResourceURLs.some((url) => url === '*' || isAt(path, url));
}

/** A path leads to itself and to what is below it. */
function isAt(path: string, url: string): boolean {
  if (url === path) return true;
  const start = url.endsWith('*') ? url.slice(0, -1) : url;
  return path.startsWith(start.endsWith('/') ? start : `${start}/`);
}

/** Validation sees to it that `*` stands alone. */
function includes(values: readonly string[], value: string): boolean {
  return values[0] === '*' || values.includes(value);
}
