/**
 * What the name of a resource of containers and nodes tells: `cpu`, `hugepages-2Mi`, `example.com/gpu`.
 * @see k8s.io/kubernetes/pkg/apis/core/helper
 */
import { qualifiedNameProblem } from './validation/names.ts';

const HUGE_PAGES = 'hugepages-';
/** Objects, which quotas count. */
const COUNTED = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const STANDARD = new Set([
  ...COUNTED,
  ...['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
  'storage',
  'requests.storage',
]);

/** What Kubernetes itself gives a meaning to, of the names without a domain. */
export function isStandardResource(name: string): boolean {
  return STANDARD.has(name) || isHugePages(name) || name.startsWith(`requests.${HUGE_PAGES}`);
}

/** In pieces: objects, and what devices offer. */
export function isCountedResource(name: string): boolean {
  return COUNTED.has(name) || isExtendedResource(name);
}

/** Pages of a size that is in the name. They are there or not: nobody gets more of them than was asked for. */
export function isHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES);
}

/** Size of a page, as a quantity. @param name  for which {@link isHugePages} holds */
export function hugePageSize(name: string): string {
  return name.slice(HUGE_PAGES.length);
}

/** Kubernetes' own, not a device's. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** What a Pod may ask for as a whole. @see component-helpers/resource IsSupportedPodLevelResource */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePages(name);
}

/** What devices offer. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith('requests.')) return false;
  return qualifiedNameProblem(`requests.${name}`) === undefined;
}

/** Whether limits may promise more than requests reserve. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name);
}
