/** How APIServices are printed. @see k8s.io/kube-aggregator/pkg/registry/apiservice/etcd/etcd.go, ConvertToTable */
import type { APIService } from '../generated/apiregistration-v1.ts';
import { AGE, type KindPrinter, NAME, text } from './column.ts';
import { age } from './values.ts';

export const apiServicePrinter: KindPrinter<APIService> = {
  columns: [
    NAME,
    text('Service', 'The reference to the service that hosts this API endpoint.'),
    text('Available', 'Whether this service is available.'),
    AGE,
  ],
  cells: (object, nowMs) => {
    const { service } = object.spec;
    const place = service === undefined ? 'Local' : `${service.namespace}/${service.name}`;
    return [object.metadata.name, place, availability(object), age(object, nowMs)];
  },
};

/** `True`, or what is the matter: `False (MissingEndpoints)`. */
function availability({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (condition === undefined) return 'Unknown';
  const { status: is, reason = '' } = condition;
  return is === 'True' || reason === '' ? is : `${is} (${reason})`;
}
