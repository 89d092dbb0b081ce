/**
 * `authorizer`: what the user of a request may do beside the request itself.
 *
 *     authorizer.group('apps').resource('deployments').namespace('web').check('create').allowed()
 *
 * @see k8s.io/apiserver/pkg/cel/library/authz.go, authzselectors.go
 */
import { define, fn, type Overload } from '../cel/overload.ts';
import { CelOpaque } from '../cel/value.ts';

/** What is asked: a path, or a resource. */
export interface AccessQuestion {
  verb: string;
  /** Of a service account; absent: the user of the request. */
  serviceAccount?: { namespace: string; name: string };
  path?: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  fieldSelector?: string;
  labelSelector?: string;
}

export interface AccessAnswer {
  allowed: boolean;
  reason: string;
  /** Set when there is no answer. */
  error?: string;
}

export type AskAccess = (question: AccessQuestion) => AccessAnswer;

type Partly = Omit<AccessQuestion, 'verb'>;

const NOTHING: Partly = { group: '', resource: '', subresource: '', namespace: '', name: '' };

abstract class CelQuestion extends CelOpaque {
  readonly ask: AskAccess;
  readonly question: Partly;

  constructor(ask: AskAccess, question: Partly) {
    super();
    this.ask = ask;
    this.question = question;
  }

  override equals(other: CelOpaque): boolean {
    return other === this;
  }

  check(verb: string): CelDecision {
    return new CelDecision(this.ask({ ...this.question, verb }));
  }
}

export class CelAuthorizer extends CelQuestion {
  readonly typeName = AUTHORIZER;

  constructor(ask: AskAccess, question: Partly = NOTHING) {
    super(ask, question);
  }
}

class CelPathCheck extends CelQuestion {
  readonly typeName = PATH_CHECK;
}

class CelGroupCheck extends CelQuestion {
  readonly typeName = GROUP_CHECK;
}

export class CelResourceCheck extends CelQuestion {
  readonly typeName = RESOURCE_CHECK;

  with(change: Partial<Partly>): CelResourceCheck {
    return new CelResourceCheck(this.ask, { ...this.question, ...change });
  }
}

class CelDecision extends CelOpaque {
  readonly typeName = DECISION;
  readonly answer: AccessAnswer;

  constructor(answer: AccessAnswer) {
    super();
    this.answer = answer;
  }

  override equals(other: CelOpaque): boolean {
    return other === this;
  }
}

export const AUTHORIZER = 'kubernetes.authorization.Authorizer';
const PATH_CHECK = 'kubernetes.authorization.PathCheck';
const GROUP_CHECK = 'kubernetes.authorization.GroupCheck';
export const RESOURCE_CHECK = 'kubernetes.authorization.ResourceCheck';
const DECISION = 'kubernetes.authorization.Decision';

/** In characters gone through: a check costs 350,000 units, so that an expression has two. */
const CHECK_WORK = 3_500_000;
const checking = { work: () => CHECK_WORK, estimate: () => CHECK_WORK };

function narrowing(name: 'subresource' | 'namespace' | 'name' | 'fieldSelector' | 'labelSelector'): Overload {
  const narrow = (check: CelResourceCheck, value: string) => check.with({ [name]: value });
  return fn(`${RESOURCE_CHECK}.${name}(string): ${RESOURCE_CHECK}`, narrow);
}

export const AUTHZ_FUNCTIONS: readonly Overload[] = [
  fn(
    `${AUTHORIZER}.path(string): ${PATH_CHECK}`,
    ({ ask, question }: CelAuthorizer, path: string) => new CelPathCheck(ask, { ...question, path }),
  ),
  fn(
    `${AUTHORIZER}.group(string): ${GROUP_CHECK}`,
    ({ ask, question }: CelAuthorizer, group: string) => new CelGroupCheck(ask, { ...question, group }),
  ),
  fn(
    `${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`,
    ({ ask, question }: CelAuthorizer, namespace: string, name: string) =>
      new CelAuthorizer(ask, { ...question, serviceAccount: { namespace, name } }),
  ),
  fn(
    `${GROUP_CHECK}.resource(string): ${RESOURCE_CHECK}`,
    ({ ask, question }: CelGroupCheck, resource: string) =>
      new CelResourceCheck(ask, { ...question, resource }),
  ),
  narrowing('subresource'),
  narrowing('namespace'),
  narrowing('name'),
  narrowing('fieldSelector'),
  narrowing('labelSelector'),
  define(
    `${PATH_CHECK}.check(string): ${DECISION}`,
    (check: CelPathCheck, verb: string) => check.check(verb),
    checking,
  ),
  define(
    `${RESOURCE_CHECK}.check(string): ${DECISION}`,
    (check: CelResourceCheck, verb: string) => check.check(verb),
    checking,
  ),
  fn(`${DECISION}.allowed(): bool`, ({ answer }: CelDecision) => answer.allowed),
  fn(`${DECISION}.reason(): string`, ({ answer }: CelDecision) => answer.reason),
  fn(`${DECISION}.errored(): bool`, ({ answer }: CelDecision) => answer.error !== undefined),
  fn(`${DECISION}.error(): string`, ({ answer }: CelDecision) => answer.error ?? ''),
];
