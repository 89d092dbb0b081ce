/** Webhooks as tests write them: a configuration, and a backend that is a function. */
import { equal } from 'node:assert/strict';
import type { JsonValue } from '../../../api/json.ts';
import { newSimulatedApiServer, type SimulatedApiServerOptions } from '../../../simulation/sim-api-server.ts';
import type { SimulatedAnswer } from '../../../simulation/sim-webhooks.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
export const MERGE = { 'content-type': 'application/merge-patch+json' };

type Fields = Record<string, unknown>;

/** What a webhook is asked. */
// biome-ignore lint/suspicious/noExplicitAny: tests read reviews of any kind
export type Asked = any;
/** Fields of the response, or a whole answer. */
export type Backend = (request: Asked) => Fields | { answer: SimulatedAnswer } | Promise<Fields>;

const ALL = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };

export async function newWebhookServer(options: SimulatedApiServerOptions = {}) {
  const server = await newSimulatedApiServer(options);
  const asked: Asked[] = [];
  /** One webhook `NAME.example.com` in a configuration of its own. */
  const webhook = async (
    sort: 'mutating' | 'validating',
    name: string,
    backend: Backend,
    extra: Fields = {},
  ): Promise<void> => {
    const url = `https://${name}.example.com/hook`;
    server.webhooks.listen(url, async (review) => {
      const { apiVersion, request } = review as { apiVersion: string; request: Asked };
      asked.push(request);
      const made = await backend(request);
      if ('answer' in made) return made['answer'] as SimulatedAnswer;
      const response = { uid: request.uid, allowed: true, ...made };
      return { json: { kind: 'AdmissionReview', apiVersion, response } };
    });
    const source = {
      name: `${name}.example.com`,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      clientConfig: { url },
      rules: [ALL],
      ...extra,
    };
    const body = { metadata: { name }, webhooks: [source] };
    const answer = await server.call('POST', `${GROUP}/${sort}webhookconfigurations`, body);
    equal(answer.status, 201, JSON.stringify(answer.value));
  };
  const configMap = (data: Fields = {}, metadata: Fields = {}, query = '') =>
    server.call('POST', `${CONFIG_MAPS}${query}`, { metadata: { name: 'c', ...metadata }, data });
  return { ...server, asked, webhook, configMap };
}

export function jsonPatch(...operations: JsonValue[]): Fields {
  return { patchType: 'JSONPatch', patch: btoa(JSON.stringify(operations)) };
}
