/** The suite that every {@link Prober} passes. A harness brings servers of known behaviour and the passing of time. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Prober, SocketTarget } from './prober.ts';

/**
 * - `http`: `/STATUS` is answered with that status and the body `here`; `/near` leads to `/204`, `/far` to another host,
 *   `/round` to itself; `/hang` is never answered; `/reset` closes the connection
 * - `health-…`: answers every gRPC health check so; `health-hang` never, `health-absent` has no such service
 * - `nobody`: nothing listens there
 */
export type ProbedServer =
  | 'http'
  | 'health-SERVING'
  | 'health-NOT_SERVING'
  | 'health-UNKNOWN'
  | 'health-hang'
  | 'health-absent'
  | 'nobody';

export interface ProberHarness {
  readonly prober: Prober;
  serve(server: ProbedServer): Promise<SocketTarget>;
  /** Waits for `promise` while time passes. */
  settled<T>(promise: Promise<T>): Promise<T>;
}

const never = new AbortController().signal;
const SOON_MS = 50;
const PATIENT_MS = 5000;

type Scenario = (title: string, body: (harness: ProberHarness) => Promise<void>) => void;

/** Registers the suite for the prober called `name`. */
export function testProber(name: string, newHarness: (t: TestContext) => Promise<ProberHarness>): void {
  const scenario: Scenario = (title, body) => {
    test(`${name} ${title}`, async (t) => body(await newHarness(t)));
  };
  testHttp(scenario);
  testTcp(scenario);
  testHealth(scenario);
}

async function get(harness: ProberHarness, path: string, timeoutMs = PATIENT_MS) {
  const target = await harness.serve('http');
  const request = { ...target, scheme: 'http' as const, path, headers: [] };
  const outcome = await harness.settled(harness.prober.httpGet(request, timeoutMs, never));
  return { outcome, url: `http://${target.host}:${target.port}${path}` };
}

function testHttp(scenario: Scenario): void {
  scenario('httpGet passes 200 to 399 and names the status of the rest', async (harness) => {
    assert.deepEqual((await get(harness, '/200')).outcome, {
      result: 'success',
      output: 'here',
      statusCode: 200,
    });
    assert.equal((await get(harness, '/399')).outcome.result, 'success');
    for (const statusCode of [400, 404, 500, 503]) {
      const output = `HTTP probe failed with statuscode: ${statusCode}`;
      assert.deepEqual((await get(harness, `/${statusCode}?why=it`)).outcome, {
        result: 'failure',
        output,
        statusCode,
      });
    }
  });

  scenario(
    'httpGet follows redirects within the host and warns about one that leaves it',
    async (harness) => {
      assert.equal((await get(harness, '/near')).outcome.statusCode, 204);
      const { outcome: far } = await get(harness, '/far');
      assert.equal(far.result, 'warning');
      assert.equal(far.output, 'Probe terminated redirects, Response body: here');
      const { outcome: round, url } = await get(harness, '/round');
      assert.deepEqual(round, { result: 'failure', output: `Get "${url}": stopped after 10 redirects` });
    },
  );

  scenario('httpGet says what hung and what closed, in the words of upstream', async (harness) => {
    const hung = await get(harness, '/hang', SOON_MS);
    const why = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    assert.deepEqual(hung.outcome, { result: 'failure', output: `Get "${hung.url}": ${why}` });
    const closed = await get(harness, '/reset');
    assert.deepEqual(closed.outcome, { result: 'failure', output: `Get "${closed.url}": EOF` });
  });

  scenario('httpGet says what refused, with the port also where it is the default one', async (harness) => {
    const { host, port } = await harness.serve('nobody');
    const request = { host, port, scheme: 'http' as const, path: '/a?b=c', headers: [] };
    const outcome = await harness.settled(harness.prober.httpGet(request, PATIENT_MS, never));
    const why = `dial tcp ${host}:${port}: connect: connection refused`;
    assert.deepEqual(outcome, { result: 'failure', output: `Get "http://${host}:${port}/a?b=c": ${why}` });
  });
}

function testTcp(scenario: Scenario): void {
  scenario('tcpSocket passes when the connection opens, whatever the server does then', async (harness) => {
    const target = await harness.serve('http');
    const outcome = await harness.settled(harness.prober.tcpSocket(target, PATIENT_MS, never));
    assert.deepEqual(outcome, { result: 'success', output: '' });
  });

  scenario('tcpSocket says what refused', async (harness) => {
    const target = await harness.serve('nobody');
    const outcome = await harness.settled(harness.prober.tcpSocket(target, PATIENT_MS, never));
    const output = `dial tcp ${target.host}:${target.port}: connect: connection refused`;
    assert.deepEqual(outcome, { result: 'failure', output });
  });
}

function testHealth(scenario: Scenario): void {
  const check = async (harness: ProberHarness, server: ProbedServer, timeoutMs = PATIENT_MS) => {
    const target = { ...(await harness.serve(server)), service: 'web' };
    const outcome = await harness.settled(harness.prober.grpc(target, timeoutMs, never));
    return { ...outcome, address: `${target.host}:${target.port}` };
  };

  scenario('grpc passes what is SERVING and names any other status', async (harness) => {
    const { output, result } = await check(harness, 'health-SERVING');
    assert.deepEqual({ output, result }, { output: 'service healthy', result: 'success' });
    for (const status of ['NOT_SERVING', 'UNKNOWN'] as const) {
      const failed = await check(harness, `health-${status}`);
      assert.equal(failed.result, 'failure');
      assert.equal(failed.output, `service unhealthy (responded with "${status}")`);
    }
  });

  scenario('grpc says what hung, what refused and what has no health service', async (harness) => {
    const hung = await check(harness, 'health-hang', SOON_MS);
    assert.equal(hung.output, `timeout: health rpc did not complete within ${SOON_MS}ms`);
    const { address, output } = await check(harness, 'nobody');
    const refused = `dial tcp ${address}: connect: connection refused`;
    assert.equal(output, `error: failed to connect service at "${address}": ${refused}`);
    const absent = await check(harness, 'health-absent');
    const why =
      'this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health';
    assert.equal(absent.output, `error: ${why}`);
    assert.deepEqual(
      [hung, absent].map(({ result }) => result),
      ['failure', 'failure'],
    );
  });
}
