/** A cluster that `kintsugi up` started, with one node, and the real kubectl at it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import type { Kubectl } from '../tools/run-kubectl.ts';
import { eventually, startUpCluster } from '../tools/up-cluster.ts';

export interface KubectlOnCluster {
  /** What a test is to be skipped for. */
  readonly skip: string | false;
  /** Standard output of a command that must succeed. */
  readonly k: (...args: string[]) => Promise<string>;
  /** Whatever comes of a command. */
  readonly attempt: Kubectl['attempt'];
  /** A file for `-f`. */
  readonly write: (name: string, text: string) => string;
  /** A namespace whose Pods can be made at once. */
  readonly newNamespace: (name: string) => Promise<void>;
}

/** One cluster for all tests of the file that calls this; it is gone when they are over. */
export async function kubectlOnCluster(): Promise<KubectlOnCluster> {
  if (!(await hasKubectl())) {
    const skip = 'kubectl is not installed';
    return { skip, k: notThere, attempt: notThere, write: notThere, newNamespace: notThere };
  }
  const cluster = await startUpCluster();
  after(() => cluster[Symbol.asyncDispose]());
  const k = (...args: string[]) => cluster.kubectl(...args);
  return {
    skip: false,
    k,
    attempt: (args, input) => cluster.kubectl.attempt(args, input),
    write(name, text) {
      const file = path.join(cluster.dataDir, name);
      writeFileSync(file, text);
      return file;
    },
    async newNamespace(name) {
      await k('create', 'namespace', name);
      await eventually('the namespace has an account', () => k('-n', name, 'get', 'sa', 'default'));
    },
  };
}

function notThere(): never {
  throw new Error('kubectl is not installed');
}
