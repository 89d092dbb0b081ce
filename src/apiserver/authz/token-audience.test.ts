import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Volume } from '../../api/generated/core-v1.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { isAudienceOfPod } from './token-audience.ts';

const OBJECTS: Readonly<Record<string, unknown>> = {
  'csidrivers//d': { spec: { tokenRequests: [{ audience: 'vault' }] } },
  'persistentvolumeclaims/ns/c': { spec: { volumeName: 'v' } },
  'persistentvolumeclaims/ns/pod-e': { spec: { volumeName: 'v' } },
  'persistentvolumes//v': { spec: { csi: { driver: 'd' } } },
};
const find = ({ resource }: ResourceRow, namespace: string, name: string) =>
  OBJECTS[`${resource}/${namespace}/${name}`];

function is(audience: string, ...volumes: Partial<Volume>[]): boolean {
  const pod = { metadata: { name: 'pod', namespace: 'ns' }, spec: { volumes } } as unknown as Pod;
  return isAudienceOfPod(pod, audience, find);
}

test('isAudienceOfPod finds audiences in projected volumes; none said is the server’s own', () => {
  const projected = (audience?: string) => ({
    projected: {
      sources: [{ serviceAccountToken: { path: 'token', ...(audience === undefined ? {} : { audience }) } }],
    },
  });
  assert.ok(is('', projected()) && is('vault', projected(), projected('vault')));
  assert.ok(!is('vault', projected()) && !is('', projected('vault')) && !is(''));
});

test('isAudienceOfPod finds audiences of the drivers of a Pod’s volumes', () => {
  const volumes: Partial<Volume>[] = [
    { csi: { driver: 'd' } },
    { persistentVolumeClaim: { claimName: 'c' } },
    { name: 'e', ephemeral: {} },
  ];
  for (const volume of volumes) {
    assert.ok(is('vault', volume), JSON.stringify(volume));
    assert.ok(!is('other', volume));
  }
  assert.ok(
    !is('vault', { csi: { driver: 'none' } }) &&
      !is('vault', { persistentVolumeClaim: { claimName: 'none' } }),
  );
});
