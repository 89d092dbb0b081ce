/** What of webhooks and policies is counted, through the API. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPolicyServer } from '../admission/policies/policies.fixture.ts';
import { newWebhookServer } from '../admission/webhooks/webhooks.fixture.ts';
import type { ServerMetrics } from './server-metrics.ts';

/** The samples of metrics that begin with `prefix`, but for buckets and sums, which time decides. */
function samples({ metrics }: { metrics: ServerMetrics }, prefix: string): string[] {
  const lines = metrics.text().split('\n');
  return lines.filter((line) => line.startsWith(prefix) && !/_(?:bucket|sum)\{/.test(line));
}

const WEBHOOK = 'apiserver_admission_webhook_';

test('AdmissionMetrics count what a webhook allows and refuses', async () => {
  const { server, webhook, configMap } = await newWebhookServer();
  await webhook('validating', 'a', ({ name }) => ({
    allowed: name !== 'c',
    status: { code: 403, message: 'no' },
  }));
  await configMap();
  await configMap({}, { name: 'other' });
  const of = 'name="a.example.com",type="validating",operation="CREATE"';
  assert.deepEqual(samples(server, WEBHOOK), [
    `${WEBHOOK}admission_duration_seconds_count{${of},rejected="true"} 1`,
    `${WEBHOOK}admission_duration_seconds_count{${of},rejected="false"} 1`,
    `${WEBHOOK}request_total{${of},code="403",rejected="true"} 1`,
    `${WEBHOOK}request_total{${of},code="200",rejected="false"} 1`,
    `${WEBHOOK}rejection_count{${of},error_type="no_error",rejection_code="403"} 1`,
  ]);
});

test('ServerMetrics leave the time of webhooks out of what the server is measured by', async () => {
  const { server, clock, webhook, configMap } = await newWebhookServer();
  const slow = async () => {
    await clock.sleep(2000, new AbortController().signal);
    return {};
  };
  await webhook('mutating', 'm', slow);
  await webhook('validating', 'v', slow);
  const created = configMap();
  await clock.advance(5000);
  assert.equal((await created).status, 201);
  const sums = server.metrics
    .text()
    .match(/^apiserver_request(?:_sli)?_duration_seconds_sum\{.*configmaps.*$/gm);
  assert.deepEqual(
    sums?.map((line) => line.slice(line.lastIndexOf(' '))),
    [' 4', ' 0'],
  );
});

test('AdmissionMetrics count a webhook that fails, by its policy as a rejection or as ignored', async () => {
  const { server, webhook, configMap } = await newWebhookServer();
  const broken = () => ({ answer: { status: 500, text: 'oh' } });
  await webhook('mutating', 'fails', broken, { failurePolicy: 'Ignore' });
  await webhook('validating', 'fatal', () => ({ answer: { json: 'garbage' } }));
  assert.equal((await configMap()).status, 500);
  const open = 'name="fails.example.com",type="admit"';
  const fatal = 'name="fatal.example.com",type="validating",operation="CREATE"';
  assert.deepEqual(
    samples(server, WEBHOOK).filter((line) => !line.includes('duration')),
    [
      `${WEBHOOK}request_total{${open},operation="CREATE",code="500",rejected="false"} 1`,
      `${WEBHOOK}request_total{${fatal},code="503",rejected="true"} 1`,
      `${WEBHOOK}rejection_count{${fatal},error_type="calling_webhook_error",rejection_code="503"} 1`,
      `${WEBHOOK}fail_open_count{${open}} 1`,
    ],
  );
});

test('AdmissionMetrics count what policies refuse, and what cannot be told', async () => {
  const { server, policy, configMap } = await newPolicyServer();
  const small = { expression: '!has(object.data.size) || int(object.data.size) <= 5' };
  await policy('validating', 'small', { validations: [small] });
  await policy('validating', 'lax', { validations: [small], failurePolicy: 'Ignore' });
  await configMap({ size: '6' });
  await configMap({ size: 'six' });
  await configMap({ size: '5' });
  const CHECK = 'apiserver_validating_admission_policy_check_total';
  const of = (name: string) => `${CHECK}{policy="${name}",policy_binding="${name}"`;
  assert.deepEqual(samples(server, CHECK).sort(), [
    `${of('lax')},error_type="invalid_error",enforcement_action="allow"} 1`,
    `${of('lax')},error_type="no_error",enforcement_action="deny"} 1`,
    `${of('small')},error_type="invalid_error",enforcement_action="deny"} 1`,
    `${of('small')},error_type="no_error",enforcement_action="deny"} 1`,
  ]);
});
