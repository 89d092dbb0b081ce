/** Conditions on where a node sends the traffic of a Service: what its proxy has made of the endpoints. */
import { SERVICES } from '../../api/resources.ts';
import type { Condition } from './condition.ts';
import { objectPattern } from './object-pattern.ts';
import { fields, list, optional, type Read, ScenarioError, text } from './read.ts';

const SHAPE = fields({
  routes: objectPattern,
  node: text,
  port: optional(text),
  to: list(text),
});

export const ROUTES_FIELDS = ['routes', 'node', 'port', 'to'] as const;

/** Pods are those of the Service's namespace, by name; `port` is the name of one of several. */
export const routesCondition: Read<Condition> = (value, place) => {
  const { routes, node, port = '', to } = SHAPE(value, place);
  const { namespace, exactName } = routes;
  if (routes.row !== SERVICES || exactName === undefined) {
    throw new ScenarioError(
      place,
      `routes must be those of a Service, such as service/web, not ${routes.text}`,
    );
  }
  const expected = [...to].sort().join(', ');
  return {
    expected: `${node} routes ${routes.text} to ${expected || 'nobody'}`,
    // Routes follow the changes of objects; they are looked at when everything has settled.
    concerns: () => false,
    evaluate(cluster) {
      const route = cluster.routesOf(node).ports.find(({ id }) => id === `${namespace}/${exactName}:${port}`);
      const pods = route?.endpoints.map(({ pod }) => pod.slice(pod.indexOf('/') + 1)) ?? [];
      const actual = pods.sort().join(', ');
      return {
        holds: actual === expected,
        actual: route === undefined ? 'it has no such route' : `to ${actual || 'nobody'}`,
      };
    },
  };
};
