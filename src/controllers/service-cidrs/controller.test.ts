import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { IPAddress, ServiceCIDR } from '../../api/generated/networking-v1.ts';
import { IP_ADDRESSES, SERVICE_CIDRS } from '../../api/resources.ts';
import { addressClaim, SERVICE_CIDR_FINALIZER } from '../../api/service-addresses.ts';
import { newControllerBench } from '../../simulation/controller-bench.ts';
import { newServiceCidrController } from './controller.ts';

const never = new AbortController().signal;

function newBench(lagged = false) {
  const bench = newControllerBench({ seed: 1, controllers: [newServiceCidrController], lagged });
  const metadata = (name: string) => ({
    name,
    uid: name,
    resourceVersion: '',
    creationTimestamp: '2026-01-01T00:00:00Z',
  });
  const { api, client } = bench;
  return {
    ...bench,
    putCidr: (name: string, ...cidrs: string[]) =>
      api.put(SERVICE_CIDRS, { metadata: metadata(name), spec: { cidrs } } as unknown as ServiceCIDR),
    putAddress(name: string) {
      const { labels, spec } = addressClaim(name, { namespace: 'default', name: 'a' });
      api.put(IP_ADDRESSES, { metadata: { ...metadata(name), labels }, spec } as unknown as IPAddress);
    },
    deleteCidr: (name: string) => client.delete(SERVICE_CIDRS, { name }, {}, never),
    deleteAddress: (name: string) => client.delete(IP_ADDRESSES, { name }, {}, never),
    /** `name True Ready`, `name False Terminating` */
    shown: () =>
      api.objects(SERVICE_CIDRS).map(({ metadata: { name, finalizers }, status }) => {
        const { status: ready, reason } = status?.conditions?.[0] ?? {};
        return `${name} ${ready} ${reason || '-'} ${finalizers?.length ?? 0}`;
      }),
  };
}

test('newServiceCidrController holds a new ServiceCIDR and makes it ready', async () => {
  const bench = newBench();
  bench.putCidr('more', '10.97.0.0/24');
  await bench.clock.advance(100);
  deepEqual(bench.shown(), ['more True - 1']);
  const [cidr] = bench.api.objects(SERVICE_CIDRS);
  deepEqual(cidr?.metadata.finalizers, [SERVICE_CIDR_FINALIZER]);
  equal(cidr?.status?.conditions?.[0]?.message, 'Kubernetes Service CIDR is ready');
  const { resourceVersion } = cidr!.metadata;
  await bench.clock.advance(3_600_000);
  equal(bench.api.objects(SERVICE_CIDRS)[0]?.metadata.resourceVersion, resourceVersion, 'no needless write');
  await bench.end();
});

test('newServiceCidrController keeps one that is deleted until its last address is free', async () => {
  const bench = newBench();
  bench.putCidr('more', '10.97.0.0/24', 'fd00::/64');
  bench.putAddress('10.97.0.7');
  bench.putAddress('fd00::7');
  await bench.clock.advance(100);
  await bench.deleteCidr('more');
  await bench.clock.advance(60_000);
  deepEqual(bench.shown(), ['more False Terminating 1']);
  await bench.deleteAddress('10.97.0.7');
  await bench.clock.advance(60_000);
  deepEqual(bench.shown(), ['more False Terminating 1']);
  await bench.deleteAddress('fd00::7');
  await bench.clock.advance(100);
  deepEqual(bench.shown(), []);
  await bench.end();
});

test('newServiceCidrController lets one go whose addresses another one has, but not both', async () => {
  const bench = newBench();
  bench.putCidr('small', '10.97.0.0/24');
  bench.putCidr('large', '10.97.0.0/16');
  bench.putAddress('10.97.0.7');
  await bench.clock.advance(100);
  const deletions = [bench.deleteCidr('small'), bench.deleteCidr('large')];
  await Promise.all(deletions);
  await bench.clock.advance(60_000);
  deepEqual(bench.shown().toSorted(), ['large False Terminating 1', 'small False Terminating 1']);
  bench.putCidr('other', '10.97.0.0/28');
  await bench.clock.advance(100);
  deepEqual(bench.shown(), ['other True - 1']);
  await bench.end();
});

test('newServiceCidrController asks live before it lets go: its cache may not show the address yet', async () => {
  const bench = newBench(true);
  bench.putCidr('more', '10.97.0.0/24');
  await bench.clock.advance(5000);
  const deleting = bench.deleteCidr('more');
  await bench.clock.advance(1);
  await deleting;
  bench.putAddress('10.97.0.7');
  await bench.clock.advance(60_000);
  deepEqual(bench.shown(), ['more False Terminating 1']);
  await bench.end();
});
