/** Webhooks behind Services: where the call goes, by which name it is verified, and what is said when nobody is there. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newWebhookServer } from '../admission/webhooks/webhooks.fixture.ts';
import type { WebhookPost } from './webhook-transport.ts';

const SERVICES = '/api/v1/namespaces/default/services';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

const slice = (name: string, port: object, endpoints: object[]) => ({
  metadata: { name, labels: { 'kubernetes.io/service-name': 'hook' } },
  addressType: 'IPv4',
  ports: [port],
  endpoints,
});

test('resolveEndpoint leads to a ready endpoint of the port, and the URL stays the name of the Service', async () => {
  const { webhook, call, webhooks, configMap } = await newWebhookServer();
  const posts: WebhookPost[] = [];
  webhooks.listen('https://hook.default.svc:8443/review', (review, post) => {
    posts.push(post);
    const { apiVersion, request } = review as { apiVersion: string; request: { uid: string } };
    return { json: { apiVersion, kind: 'AdmissionReview', response: { uid: request.uid, allowed: true } } };
  });
  const service = { namespace: 'default', name: 'hook', path: '/review', port: 8443 };
  const caBundle = btoa('PEM');
  await webhook('validating', 'a', () => ({}), { clientConfig: { service, caBundle } });
  const refusal = async () => (await configMap()).value.message as string;
  const failed =
    'Internal error occurred: failed calling webhook "a.example.com": failed to call webhook: Post "https://hook.default.svc:8443/review?timeout=10s": ';
  equal(await refusal(), `${failed}service "hook" not found`);
  const ports = [
    { name: 'other', port: 1 },
    { name: 'review', port: 8443, targetPort: 9443 },
  ];
  await call('POST', SERVICES, { metadata: { name: 'hook' }, spec: { ports } });
  equal(await refusal(), `${failed}no endpoints available for service "hook"`);
  const address = (host: string, ready: boolean) => ({ addresses: [host], conditions: { ready } });
  await call('POST', SLICES, slice('s1', { name: 'other', port: 1 }, [address('192.0.2.1', true)]));
  await call(
    'POST',
    SLICES,
    slice('s2', { name: 'review', port: 9443 }, [address('192.0.2.2', false), address('192.0.2.3', true)]),
  );
  equal((await configMap()).status, 201);
  const [{ address: where, caBundle: bundle } = {} as WebhookPost] = posts;
  deepEqual([where, bundle], [{ host: '192.0.2.3', port: 9443 }, 'PEM']);
});

test('resolveEndpoint knows no ports that the Service has not, and no names of others', async () => {
  const { webhook, call, configMap } = await newWebhookServer();
  const service = { namespace: 'default', name: 'hook', port: 444 };
  await webhook('validating', 'a', () => ({}), { clientConfig: { service } });
  await call('POST', SERVICES, { metadata: { name: 'hook' }, spec: { ports: [{ port: 443 }] } });
  const { value } = await configMap();
  equal(value.message.split('": ').at(-1), 'no service port 444 found for service "hook"');
  const spec = { type: 'ExternalName', externalName: 'example.com', ports: [{ port: 444 }] };
  await call('DELETE', `${SERVICES}/hook`);
  await call('POST', SERVICES, { metadata: { name: 'hook' }, spec });
  const again = await configMap();
  equal(again.value.message.split('": ').at(-1), 'unsupported service type "ExternalName"');
});
