import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, SecurityContext } from '../api/generated/core-v1.ts';
import type { RuntimeImage } from '../container-runtime/runtime.ts';
import { nonRootError } from './non-root.ts';

function errorFor(
  user: RuntimeImage['user'],
  ofPod: SecurityContext = { runAsNonRoot: true },
  own?: SecurityContext,
): string | undefined {
  const metadata = { name: 'web', namespace: 'shop', uid: 'u', creationTimestamp: '', resourceVersion: '' };
  const container = { name: 'main', ...(own === undefined ? {} : { securityContext: own }) };
  const pod: Pod = { metadata, spec: { containers: [container], securityContext: ofPod } } as unknown as Pod;
  const image = { reference: 'a', id: 'b', sizeBytes: 1, ...(user === undefined ? {} : { user }) };
  return nonRootError(pod, container, image);
}

test('nonRootError refuses root, by the image and by the manifest', () => {
  assert.equal(
    errorFor({ uid: 0 }),
    'container has runAsNonRoot and image will run as root (pod: "web_shop(u)", container: main)',
  );
  assert.equal(
    errorFor({ uid: 1000 }, { runAsNonRoot: true, runAsUser: 0 }),
    'container\'s runAsUser breaks non-root policy (pod: "web_shop(u)", container: main)',
  );
});

test('nonRootError refuses a name, which may be anyone', () => {
  assert.match(errorFor({ name: 'app' })!, /image has non-numeric user \(app\), cannot verify/);
});

test('nonRootError lets everyone else pass', () => {
  assert.equal(errorFor({ uid: 1000 }), undefined);
  assert.equal(errorFor(undefined), undefined);
  assert.equal(errorFor({ uid: 0 }, {}), undefined);
  assert.equal(errorFor({ uid: 0 }, { runAsNonRoot: true, runAsUser: 1000 }), undefined);
  assert.equal(errorFor({ uid: 0 }, { runAsNonRoot: true }, { runAsNonRoot: false }), undefined);
});
