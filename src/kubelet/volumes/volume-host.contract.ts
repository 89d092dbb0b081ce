/** The suite that every {@link VolumeHost} passes. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { VolumeHost } from './volume-host.ts';

export interface VolumeHostHarness {
  readonly host: VolumeHost;
  /** An empty directory of its own. */
  readonly root: string;
}

const signal = new AbortController().signal;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const file = (path: string, content: string, mode = 0o644) => ({
  path,
  content: new TextEncoder().encode(content),
  mode,
});

/** Registers the suite for the host called `name`. */
export function testVolumeHost(
  name: string,
  newHarness: (t: TestContext) => Promise<VolumeHostHarness>,
): void {
  const scenario = (title: string, body: (harness: VolumeHostHarness) => Promise<void>) => {
    test(`${name} ${title}`, async (t) => body(await newHarness(t)));
  };

  scenario('lists what was made, nothing where nothing is', async ({ host, root }) => {
    await host.makeDirectory(`${root}/pods/a/volumes/one`, 0o755, signal);
    await host.makeDirectory(`${root}/pods/b`, 0o755, signal);
    await host.makeWritableFile(`${root}/pods/a/containers/main/0`, signal);
    await host.makeDirectory(`${root}/pods/b`, 0o755, signal);
    assert.deepEqual((await host.list(`${root}/pods`, signal)).toSorted(), ['a', 'b']);
    assert.deepEqual((await host.list(`${root}/pods/a`, signal)).toSorted(), ['containers', 'volumes']);
    assert.deepEqual(await host.list(`${root}/pods/c`, signal), []);
  });

  scenario('writePayload says whether anything changed: content, mode or names', async ({ host, root }) => {
    const path = `${root}/config`;
    await host.makeDirectory(path, 0o755, signal);
    const write = (...files: ReturnType<typeof file>[]) => host.writePayload(path, files, signal);
    assert.equal(await write(file('a', '1'), file('sub/b', '2')), true);
    assert.equal(await write(file('a', '1'), file('sub/b', '2')), false);
    assert.equal(await write(file('a', '1'), file('sub/b', '3')), true);
    assert.equal(await write(file('a', '1'), file('sub/b', '3', 0o600)), true);
    assert.equal(await write(file('c', '3')), true);
    const names = (await host.list(path, signal)).filter((name) => !name.startsWith('..'));
    assert.deepEqual(names, ['c']);
  });

  scenario('remove takes the whole tree, and again nothing', async ({ host, root }) => {
    await host.makeDirectory(`${root}/pods/a/volumes/one`, 0o755, signal);
    await host.writePayload(`${root}/pods/a/volumes/one`, [file('a', '1')], signal);
    await host.makeDirectory(`${root}/pods/ab`, 0o755, signal);
    await host.remove(`${root}/pods/a`, signal);
    await host.remove(`${root}/pods/a`, signal);
    assert.deepEqual(await host.list(`${root}/pods`, signal), ['ab']);
    await host.makeDirectory(`${root}/pods/a/volumes/one`, 0o755, signal);
    assert.equal(await host.writePayload(`${root}/pods/a/volumes/one`, [file('a', '1')], signal), true);
  });

  scenario('prepareSubPath makes what is within the volume and refuses what is not', async (harness) => {
    const { host, root } = harness;
    const path = `${root}/volume`;
    await host.makeDirectory(path, 0o777, signal);
    assert.equal(await host.prepareSubPath(path, 'inner/../other/deep', signal), `${path}/other/deep`);
    assert.deepEqual(await host.list(`${path}/other`, signal), ['deep']);
    for (const outside of ['../elsewhere', 'a/../../b', '..']) {
      await assert.rejects(host.prepareSubPath(path, outside, signal), {
        name: 'VolumeError',
        message: `subPath "${outside}" is outside of the volume`,
      });
    }
  });

  scenario(
    'prepareHostPath checks types with the words of upstream, and makes what it may',
    async (harness) => {
      const { host, root } = harness;
      await assert.rejects(host.prepareHostPath(`${root}/absent`, 'Directory', signal), {
        name: 'VolumeError',
        message: `hostPath type check failed: ${root}/absent is not a directory`,
      });
      await host.prepareHostPath(`${root}/absent`, '', signal);
      await host.prepareHostPath(`${root}/made/here`, 'DirectoryOrCreate', signal);
      await host.prepareHostPath(`${root}/made/here`, 'Directory', signal);
      await host.prepareHostPath(`${root}/made`, 'Directory', signal);
      await host.prepareHostPath(`${root}/made/file`, 'FileOrCreate', signal);
      await host.prepareHostPath(`${root}/made/file`, 'File', signal);
      await assert.rejects(host.prepareHostPath(`${root}/made/here`, 'File', signal), /is not a file$/);
      await assert.rejects(
        host.prepareHostPath(`${root}/made/file`, 'Socket', signal),
        /is not a socket file$/,
      );
    },
  );

  scenario('readFile gives nothing where nothing was written', async ({ host, root }) => {
    await host.makeWritableFile(`${root}/log`, signal);
    assert.equal(text(await host.readFile(`${root}/log`, 10, signal)), '');
    assert.equal(text(await host.readFile(`${root}/absent`, 10, signal)), '');
  });
}
