/** Runs the real kubectl against a server, as a person would: arguments and standard input in, text and exit code out. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { kubectlPath } from './kubectl.ts';

export interface KubectlResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Kubectl {
  /** Standard output of a command that must succeed. */
  (...args: string[]): Promise<string>;
  /** As the call itself, with `input` on standard input. */
  withInput(input: string | Uint8Array, ...args: string[]): Promise<string>;
  /** Whatever comes of it. */
  attempt(args: readonly string[], input?: string | Uint8Array): Promise<KubectlResult>;
}

/** Its caches of discovery lie beside the kubeconfig, so that no test sees another's. */
export function kubectlEnvironment(kubeconfig: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: `${kubeconfig}.home`, KUBECONFIG: kubeconfig };
}

/** No answer of a test's server takes this long. */
const DEADLINE_MS = 30_000;

/** @param deadlineMs  for each command; it is killed then */
export function newKubectl(kubeconfig: string, deadlineMs: number = DEADLINE_MS): Kubectl {
  const attempt = (args: readonly string[], input: string | Uint8Array = '') =>
    run({ kubeconfig, deadlineMs }, args, input);
  const succeed = async (args: readonly string[], input?: string | Uint8Array) => {
    const { code, stdout, stderr } = await attempt(args, input);
    assert.equal(code, 0, `kubectl ${args.join(' ')}: exit code ${code}\n${stderr}`);
    return stdout;
  };
  return Object.assign((...args: string[]) => succeed(args), {
    withInput: (input: string | Uint8Array, ...args: string[]) => succeed(args, input),
    attempt,
  });
}

async function run(
  { kubeconfig, deadlineMs }: { kubeconfig: string; deadlineMs: number },
  args: readonly string[],
  input: string | Uint8Array,
): Promise<KubectlResult> {
  const program = await kubectlPath();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: kubectlEnvironment(kubeconfig),
      timeout: deadlineMs,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    // One that refuses its arguments ends without reading.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
