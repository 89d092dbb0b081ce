/** Writes the kubeconfig by which kubectl, Helm and every client library reach the cluster as its administrator. */
import { writeFileDurably } from './durable-file.ts';
import type { ClientTls } from './pki.ts';
import { PRIVATE_MODE, readIfPresent } from './pki-credential.ts';

export interface KubeconfigTarget {
  /** `https://127.0.0.1:6443`. */
  server: string;
  /** Names the cluster, the user and the context. */
  name: string;
  credentials: ClientTls;
}

/** Puts the kubeconfig at `path`, 0600, whole or not at all; leaves a file alone that already says the same. */
export async function writeKubeconfig(path: string, target: KubeconfigTarget): Promise<void> {
  const text = formatKubeconfig(target);
  if ((await readIfPresent(path)) !== text) await writeFileDurably(path, text, PRIVATE_MODE);
}

/** The file's text. JSON strings are YAML scalars, so quoting needs no YAML writer. */
export function formatKubeconfig({ server, name, credentials }: KubeconfigTarget): string {
  const quoted = JSON.stringify(name);
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  return `apiVersion: v1
kind: Config
clusters:
- name: ${quoted}
  cluster:
    server: ${JSON.stringify(server)}
    certificate-authority-data: ${data(credentials.serverCa)}
users:
- name: ${quoted}
  user:
    client-certificate-data: ${data(credentials.cert)}
    client-key-data: ${data(credentials.key)}
contexts:
- name: ${quoted}
  context:
    cluster: ${quoted}
    user: ${quoted}
current-context: ${quoted}
`;
}
