/** A server alone (API, controllers, no node), and the real kubectl at it: enough for what needs no running container. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { newKubectl } from '../tools/run-kubectl.ts';
import { startServerFor } from '../tools/server-process.ts';

export interface KubectlOnServer {
  /** What a test is to be skipped for. */
  readonly skip: string | false;
  /** Path of the administrator's. */
  readonly kubeconfig: string;
  /** Standard output of a command that must succeed, with surrounding white space cut off. */
  readonly k: (...args: string[]) => Promise<string>;
  /** As {@link k}, with `input` on standard input. */
  readonly kIn: (input: string, ...args: string[]) => Promise<string>;
  /** Standard error of a command that must fail, trimmed. */
  readonly refused: (...args: string[]) => Promise<string>;
  /** A file for `-f`. */
  readonly write: (name: string, text: string) => Promise<string>;
}

/** One server for all tests of the file that calls this; both are gone when they are over. */
export async function kubectlOnServer(): Promise<KubectlOnServer> {
  const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
  if (skip !== false)
    return { skip, kubeconfig: '', k: notThere, kIn: notThere, refused: notThere, write: notThere };
  const server = await startServerFor({ after });
  const kubectl = newKubectl(server.kubeconfig);
  return {
    skip,
    kubeconfig: server.kubeconfig,
    k: async (...args) => (await kubectl(...args)).trim(),
    kIn: async (input, ...args) => (await kubectl.withInput(input, ...args)).trim(),
    async refused(...args) {
      const { code, stdout, stderr } = await kubectl.attempt(args);
      if (code === 0) throw new Error(`kubectl ${args.join(' ')} was to be refused: ${stdout}`);
      return stderr.trim();
    },
    async write(name, text) {
      const file = path.join(server.dataDir, name);
      await writeFile(file, text);
      return file;
    },
  };
}

function notThere(): never {
  throw new Error('kubectl is not installed');
}
