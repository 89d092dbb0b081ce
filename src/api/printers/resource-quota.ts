/** `kubectl get quota`. @see k8s.io/kubernetes/pkg/printers/internalversion/printers.go, printResourceQuota */
import type { ResourceQuota } from '../generated/core-v1.ts';
import { AGE, type KindPrinter, NAME, text } from './column.ts';
import { age } from './values.ts';

export const resourceQuotaPrinter: KindPrinter<ResourceQuota> = {
  columns: [
    NAME,
    text('Request', 'What is used and what may be, of all but limits'),
    text('Limit', 'What is used and what may be, of limits'),
    AGE,
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    amounts(object, (name) => !name.startsWith('limits.')),
    amounts(object, (name) => name.startsWith('limits.')),
    age(object, nowMs),
  ],
};

/** `cpu: 100m/1, pods: 1/2` */
function amounts({ status }: ResourceQuota, isShown: (name: string) => boolean): string {
  return Object.keys(status?.hard ?? {})
    .filter(isShown)
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ');
}
