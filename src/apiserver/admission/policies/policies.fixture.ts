/** Policies and bindings as tests write them. */
import { equal } from 'node:assert/strict';
import { newSimulatedApiServer, type SimulatedApiServerOptions } from '../../../simulation/sim-api-server.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
export const MERGE = { 'content-type': 'application/merge-patch+json' };

export type Spec = Record<string, unknown>;

export async function newPolicyServer(options: SimulatedApiServerOptions = {}) {
  const server = await newSimulatedApiServer(options);
  const create = async (url: string, body: unknown) => {
    const answer = await server.call('POST', url, body);
    equal(answer.status, 201, JSON.stringify(answer.value));
  };
  /** A policy for ConfigMaps, and a binding of the same name that gives it effect. */
  const policy = async (sort: 'mutating' | 'validating', name: string, spec: Spec, binding: Spec = {}) => {
    const matchConstraints = matching(sort === 'validating' ? [...CHANGES, 'DELETE'] : CHANGES);
    await create(`${GROUP}/${sort}admissionpolicies`, {
      metadata: { name },
      spec: { matchConstraints, ...spec },
    });
    const actions = sort === 'validating' ? { validationActions: ['Deny'] } : {};
    const bound = { policyName: name, ...actions, ...binding };
    await create(`${GROUP}/${sort}admissionpolicybindings`, { metadata: { name }, spec: bound });
  };
  const configMap = (data: Record<string, string>, metadata: Spec = {}) =>
    server.call('POST', CONFIG_MAPS, { metadata: { name: 'c', ...metadata }, data });
  return { ...server, create, policy, configMap };
}

const CHANGES = ['CREATE', 'UPDATE'];

function matching(operations: readonly string[]): Spec {
  return {
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations, resources: ['configmaps'] }],
  };
}
