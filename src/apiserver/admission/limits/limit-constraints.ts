/**
 * What a LimitRange says of requests and limits: a minimum, a maximum, a ratio. In upstream's words.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/limitranger/admission.go, minConstraint and its neighbours
 */
import type { LimitRangeItem } from '../../../api/generated/core-v1.ts';
import { compareQuantities, milliValue } from '../../../base/quantity.ts';

/** `cpu` → `500m` */
export type Quantities = Readonly<Record<string, string>>;

export interface Usage {
  requests?: Quantities | undefined;
  limits?: Quantities | undefined;
}

/** What `usage` of a container or a Pod breaks of `item`: by kind of constraint, then by resource. */
export function usageProblems(item: LimitRangeItem, usage: Usage): string[] {
  return [
    ...problems(item.min, (resource, min) => minProblem({ item, resource, enforced: min }, usage)),
    ...problems(item.max, (resource, max) => maxProblem({ item, resource, enforced: max }, usage)),
    ...problems(item.maxLimitRequestRatio, (resource, ratio) =>
      ratioProblem({ item, resource, enforced: ratio }, usage),
    ),
  ];
}

/** What a claim's requests break of `item`; limits of claims mean nothing. */
export function claimProblems(item: LimitRangeItem, requests: Quantities): string[] {
  return [
    ...problems(item.min, (resource, min) => minProblem({ item, resource, enforced: min }, { requests })),
    ...problems(item.max, (resource, max) => {
      const subject = `maximum ${resource} usage per ${item.type} is ${max}`;
      const request = requests[resource];
      if (request === undefined) return `${subject}.  No request is specified`;
      return compareQuantities(request, max) > 0 ? `${subject}, but request is ${request}` : undefined;
    }),
  ];
}

interface Constraint {
  item: LimitRangeItem;
  resource: string;
  enforced: string;
}

function problems(
  enforced: Quantities | undefined,
  problem: (resource: string, enforced: string) => string | undefined,
): string[] {
  return Object.keys(enforced ?? {})
    .sort()
    .flatMap((resource) => problem(resource, enforced![resource]!) ?? []);
}

function minProblem({ item, resource, enforced }: Constraint, usage: Usage): string | undefined {
  const subject = `minimum ${resource} usage per ${item.type} is ${enforced}`;
  const request = usage.requests?.[resource];
  const limit = usage.limits?.[resource];
  if (request === undefined) return `${subject}.  No request is specified`;
  if (compareQuantities(request, enforced) < 0) return `${subject}, but request is ${request}`;
  if (limit !== undefined && compareQuantities(limit, enforced) < 0)
    return `${subject}, but limit is ${limit}`;
  return undefined;
}

function maxProblem({ item, resource, enforced }: Constraint, usage: Usage): string | undefined {
  const subject = `maximum ${resource} usage per ${item.type} is ${enforced}`;
  const request = usage.requests?.[resource];
  const limit = usage.limits?.[resource];
  if (limit === undefined) return `${subject}.  No limit is specified`;
  if (compareQuantities(limit, enforced) > 0) return `${subject}, but limit is ${limit}`;
  if (request !== undefined && compareQuantities(request, enforced) > 0)
    return `${subject}, but request is ${request}`;
  return undefined;
}

function ratioProblem({ item, resource, enforced }: Constraint, usage: Usage): string | undefined {
  const subject = `${resource} max limit to request ratio per ${item.type} is ${enforced}`;
  const request = milliValue(usage.requests?.[resource]);
  const limit = milliValue(usage.limits?.[resource]);
  if (request === 0) return `${subject}, but no request is specified or request is 0`;
  if (limit === 0) return `${subject}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio * 1000 > milliValue(enforced)
    ? `${subject}, but provided ratio is ${ratio.toFixed(6)}`
    : undefined;
}
