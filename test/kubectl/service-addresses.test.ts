/** Addresses of Services by the real kubectl: what it shows of ranges and addresses, and how it is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../tools/up-cluster.ts';
import { kubectlOnServer } from './server-only.ts';

const { skip, k, kIn, refused } = await kubectlOnServer();

test('kubectl get servicecidrs,ipaddresses shows ranges, and whose each address is', { skip }, async () => {
  const [header, line] = (await k('get', 'servicecidrs')).split('\n');
  assert.match(header!, /^NAME +CIDRS +AGE$/);
  assert.match(line!, /^kubernetes +[\d.]+\/16 +\d+s$/);
  const kubernetes = await k('get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}');
  assert.match(
    await k('get', 'ipaddresses'),
    new RegExp(`^NAME +PARENTREF\n${kubernetes.replaceAll('.', '\\.')} +services/default/kubernetes$`),
  );
  await k('create', 'service', 'clusterip', 'web', '--tcp=80');
  const ip = await k('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
  assert.equal(
    await k('get', `ip/${ip}`, '--no-headers', '-L', 'ipaddress.kubernetes.io/managed-by'),
    `${ip}   services/default/web   ipallocator.k8s.io`,
  );
  assert.match(
    await k('describe', 'ipaddress', ip),
    /Resource: +services\n +Namespace: +default\n +Name: +web/,
  );
  await k('delete', 'service', 'web');
  assert.match(
    await refused('get', 'ipaddress', ip),
    new RegExp(`ipaddresses.networking.k8s.io "${ip}" not found$`),
  );
});

test('kubectl create of a ServiceCIDR gives Services another range, until it is deleted', {
  skip,
}, async () => {
  const apiVersion = 'networking.k8s.io/v1';
  const more = (cidr: string) =>
    JSON.stringify({ apiVersion, kind: 'ServiceCIDR', metadata: { name: 'more' }, spec: { cidrs: [cidr] } });
  assert.equal(
    await kIn(more('192.168.77.0/28'), 'create', '-f', '-'),
    'servicecidr.networking.k8s.io/more created',
  );
  await k('wait', '--for=condition=Ready', 'servicecidr/more', '--timeout=20s');
  await k('create', 'service', 'clusterip', 'b', '--tcp=80', '--clusterip=192.168.77.3');
  assert.match(
    await k('describe', 'servicecidr', 'more'),
    /CIDRs: +192\.168\.77\.0\/28\n(?:.*\n)* +Ready +True /,
  );
  assert.match(
    await refused('create', 'service', 'clusterip', 'c', '--tcp=80', '--clusterip=192.168.77.3'),
    /Service "c" is invalid: spec\.clusterIPs: Invalid value: \["192\.168\.77\.3"\]: failed to allocate IP 192\.168\.77\.3: provided IP is already allocated$/,
  );
  assert.match(
    await refused('create', 'service', 'clusterip', 'c', '--tcp=80', '--clusterip=192.168.77.16'),
    /failed to allocate IP 192\.168\.77\.16: the provided network does not match the current range$/,
  );
  const patch = JSON.stringify({ spec: { cidrs: ['192.168.78.0/28'] } });
  assert.match(
    await refused('patch', 'servicecidr', 'more', '--type=merge', '-p', patch),
    /The ServiceCIDR "more" is invalid: spec\.cidrs\[0\]: Invalid value: "192\.168\.78\.0\/28": field is immutable$/,
  );
  await k('delete', 'servicecidr', 'more', '--wait=false');
  const reason = ['-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}'];
  await eventually('it says why it stays', async () => {
    assert.equal(await k('get', 'servicecidr', 'more', ...reason), 'Terminating');
  });
  await k('delete', 'service', 'b');
  await k('wait', '--for=delete', 'servicecidr/more', '--timeout=20s');
});
