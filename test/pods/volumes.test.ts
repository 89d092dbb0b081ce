/**
 * What a Pod finds in its volumes, seen from inside: of every kind, with refreshes, as root, as an ordinary user, and where no
 * mount can be made ($KINTSUGI_ROOT is then where volumes are).
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { ACCOUNTS, eventually, startUpCluster, TOOLBOX, type UpCluster } from '../tools/up-cluster.ts';

const MANIFEST = (hostDirectory: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { color: blue, shape: round, "app.conf": "a = 1\\nb = 2\\n" }
binaryData: { bytes: "AAEC/w==" }
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { password: "s3 cret$" }
---
apiVersion: v1
kind: Pod
metadata:
  name: volumes
  labels: { app: volumes, tier: test }
  annotations: { note: "first" }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: "${TOOLBOX}"
      resources: { limits: { memory: 64Mi } }
      volumeMounts:
        - { name: config, mountPath: /etc/k-config }
        - { name: items, mountPath: /etc/k-items }
        - { name: secret, mountPath: /etc/k-secret, readOnly: true }
        - { name: shared, mountPath: /k-shared }
        - { name: shared, mountPath: /k-shared-ro, readOnly: true }
        - { name: shared, mountPath: /k-mine, subPath: mine/deep }
        - { name: shared, mountPath: /k-expr, subPathExpr: "$(POD)" }
        - { name: config, mountPath: /k-file.conf, subPath: app.conf }
        - { name: host, mountPath: /k-host }
        - { name: about, mountPath: /k-about }
        - { name: all, mountPath: /k-all }
        - { name: memory, mountPath: /k-memory }
      env: [{ name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
    - name: other
      image: "${TOOLBOX}"
      command:
        - sh
        - -c
        - |
          cd "$KINTSUGI_ROOT/k-there"
          echo "from other" >>note
          until [ -e crash ]; do sleep 0.1; done
          rm crash
          exit 1
      volumeMounts: [{ name: shared, mountPath: /k-there }]
  volumes:
    - name: config
      configMap: { name: settings }
    - name: items
      configMap: { name: settings, defaultMode: 0400, items: [{ key: color, path: deep/er/colour }, { key: shape, path: form, mode: 0444 }] }
    - name: secret
      secret: { secretName: keys, defaultMode: 0440 }
    - { name: shared, emptyDir: {} }
    - { name: memory, emptyDir: { medium: Memory, sizeLimit: 1Mi } }
    - { name: host, hostPath: { path: "${hostDirectory}", type: Directory } }
    - name: about
      downwardAPI:
        items:
          - { path: labels, fieldRef: { fieldPath: metadata.labels } }
          - { path: note, fieldRef: { fieldPath: "metadata.annotations['note']" } }
          - { path: memory, resourceFieldRef: { containerName: main, resource: limits.memory, divisor: 1Mi } }
    - name: all
      projected:
        sources:
          - configMap: { name: settings, items: [{ key: color, path: color }] }
          - secret: { name: keys, items: [{ key: password, path: secret/password }] }
          - configMap: { name: absent, optional: true }
          - downwardAPI: { items: [{ path: name, fieldRef: { fieldPath: metadata.name } }] }
          - serviceAccountToken: { path: token, audience: vault, expirationSeconds: 600 }
`;

for (const [account, options] of Object.entries(ACCOUNTS)) {
  const skip = !(await hasKubectl()) || options === undefined ? 'needs kubectl, and root for root' : false;
  describe(`volumes (${account})`, { skip }, () => {
    let cluster: UpCluster;
    let host: string;
    before(async () => {
      host = mkdtempSync(join(tmpdir(), 'kintsugi-host-'));
      chmodSync(host, 0o777);
      writeFileSync(join(host, 'given'), 'by the host\n');
      cluster = await startUpCluster(options);
      await cluster.kubectl.withInput(MANIFEST(host), 'apply', '-f', '-');
      await cluster.kubectl('wait', '--for=condition=Ready', 'pod/volumes', '--timeout=25s');
    });
    after(async () => {
      await cluster?.[Symbol.asyncDispose]();
      rmSync(host, { recursive: true, force: true });
    });
    /** Output of a script in the first container; `$R` is where its volumes are. */
    const inside = (script: string, container = 'main') =>
      cluster.kubectl('exec', 'volumes', '-c', container, '--', 'sh', '-c', `R="$KINTSUGI_ROOT"; ${script}`);
    const attempt = (script: string) =>
      cluster.kubectl.attempt([
        'exec',
        'volumes',
        '-c',
        'main',
        '--',
        'sh',
        '-c',
        `R="$KINTSUGI_ROOT"; ${script}`,
      ]);

    test('volumes are mounted at their paths, or said to be elsewhere', async () => {
      const root = (await inside('echo "$R"')).trim();
      if (account === 'confined') assert.match(root, new RegExp(`^${cluster.dataDir}/`));
      else assert.equal(root, '/');
    });

    test('a ConfigMap is a directory of files, all keys or some, with their modes', async () => {
      assert.equal(await inside('ls "$R/etc/k-config"'), 'app.conf\nbytes\ncolor\nshape\n');
      assert.equal(await inside('cat "$R/etc/k-config/app.conf"'), 'a = 1\nb = 2\n');
      assert.equal(await inside('od -An -tx1 "$R/etc/k-config/bytes"'), ' 00 01 02 ff\n');
      assert.equal(await inside('stat -L -c %a "$R/etc/k-config/color"'), '644\n');
      assert.equal(
        await inside('cd "$R/etc/k-items"; cat deep/er/colour form; stat -L -c %a deep/er/colour form'),
        'blueround400\n444\n',
      );
    });

    test('a Secret is there, and read-only where that is asked for', async () => {
      assert.equal(
        await inside('cat "$R/etc/k-secret/password"; stat -L -c " %a" "$R/etc/k-secret/password"'),
        's3 cret$ 440\n',
      );
      const wrote = await attempt('echo x >"$R/k-shared-ro/x"');
      if (account !== 'confined') assert.match(wrote.stderr, /Read-only file system/);
    });

    test('an emptyDir is shared by the containers, whole or by subPath', async () => {
      assert.equal(
        await inside('until [ -s "$R/k-shared/note" ]; do sleep 0.1; done; cat "$R/k-shared/note"'),
        'from other\n',
      );
      await inside('echo hi >"$R/k-mine/file"; echo expr >"$R/k-expr/file"');
      assert.equal(
        await inside('cat "$R/k-there/mine/deep/file" "$R/k-there/volumes/file"', 'other'),
        'hi\nexpr\n',
      );
      assert.equal(await inside('cat "$R/k-file.conf"'), 'a = 1\nb = 2\n');
    });

    test('a hostPath is the machine’s own directory', async () => {
      assert.equal(
        await inside('cat "$R/k-host/given"; echo from the Pod >"$R/k-host/taken"'),
        'by the host\n',
      );
      assert.equal(readFileSync(join(host, 'taken'), 'utf8'), 'from the Pod\n');
    });

    test('the downward API tells of the Pod, and follows it', async () => {
      assert.equal(await inside('cat "$R/k-about/labels"'), 'app="volumes"\ntier="test"');
      assert.equal(await inside('cat "$R/k-about/note"; echo; cat "$R/k-about/memory"'), 'first\n64');
      await cluster.kubectl('annotate', 'pod', 'volumes', '--overwrite', 'note=second');
      await eventually('the annotation arrives', async () => {
        assert.equal(await inside('cat "$R/k-about/note"'), 'second');
      });
    });

    test('a projected volume gathers its sources, with a token for its audience', async () => {
      assert.equal(await inside('cd "$R/k-all"; cat color secret/password name'), 'blues3 cret$volumes');
      const [, payload] = (await inside('cat "$R/k-all/token"')).split('.');
      const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString());
      assert.deepEqual(claims.aud, ['vault']);
      assert.equal(claims.sub, 'system:serviceaccount:default:default');
      assert.equal(claims['kubernetes.io'].pod.name, 'volumes');
    });

    test('a changed ConfigMap is changed in the volume, at once and whole; a subPath stays', async () => {
      const patch = JSON.stringify({
        data: { color: 'green', shape: null, 'app.conf': 'a = 2\n', added: 'new' },
      });
      await cluster.kubectl('patch', 'configmap', 'settings', '-p', patch);
      await eventually('the new files', async () => {
        assert.equal(
          await inside('cd "$R/etc/k-config"; ls; cat color added'),
          'added\napp.conf\nbytes\ncolor\ngreennew',
        );
      });
      // A mount keeps the file that it was made with; a link leads to the current one.
      const file = account === 'confined' ? 'a = 2\n' : 'a = 1\nb = 2\n';
      assert.equal(await inside('cat "$R/k-file.conf"'), file);
      await eventually('the projected volume follows', async () => {
        assert.equal(await inside('cat "$R/k-all/color"'), 'green');
      });
    });

    test('an emptyDir outlives its containers, and goes with the Pod', async () => {
      const uid = await cluster.kubectl('get', 'pod', 'volumes', '-o', 'jsonpath={.metadata.uid}');
      const directory = join(cluster.dataDir, 'nodes/node-1/kubelet/pods', uid);
      await inside('touch "$R/k-shared/crash"');
      await eventually('the container has crashed and is back', async () => {
        assert.equal(await inside('cat "$R/k-shared/note"'), 'from other\nfrom other\n');
      });
      const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');
      assert.equal(
        mounts().includes(`${directory}/volumes/kubernetes.io~empty-dir/memory`),
        account === 'root',
      );
      await cluster.kubectl('delete', 'pod', 'volumes');
      await eventually('the directory is gone', async () => {
        assert.throws(() => readFileSync(directory), { code: 'ENOENT' });
      });
      assert.ok(!mounts().includes(directory));
      assert.equal(readFileSync(join(host, 'given'), 'utf8'), 'by the host\n');
    });
  });
}
