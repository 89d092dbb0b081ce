/** Reads the current context of a kubeconfig: the server, its CA, and the user's certificate or token. */
import type { JsonValue } from '../api/json.ts';
import { parseYaml } from '../api/yaml.ts';
import type { ConnectionTarget } from './cli-world.ts';
import { CommandError } from './usage-error.ts';

type Fields = { [key: string]: JsonValue };

/**
 * @param path      for messages
 * @param readText  reads the files that the kubeconfig names instead of holding the data
 * @throws CommandError naming what is missing
 */
export async function parseKubeconfig(
  text: string,
  path: string,
  readText: (path: string) => Promise<string>,
): Promise<ConnectionTarget & { namespace: string }> {
  const config = fieldsOf(parseYaml(text));
  const current = textOf(config['current-context']);
  const context = named(config['contexts'], current, 'context', path);
  const cluster = named(config['clusters'], textOf(context['cluster']), 'cluster', path);
  const user = named(config['users'], textOf(context['user']), 'user', path);
  const server = textOf(cluster['server']);
  if (!server.startsWith('https://')) {
    throw new CommandError(`kubeconfig ${path}: the server must be an https:// address, not "${server}"`);
  }
  const pem = async (holder: Fields, field: string): Promise<string> => {
    const data = textOf(holder[`${field}-data`]);
    if (data !== '') return atob(data);
    const file = textOf(holder[field]);
    return file === '' ? '' : readText(file);
  };
  const cert = await pem(user, 'client-certificate');
  const key = await pem(user, 'client-key');
  const token = textOf(user['token']);
  return {
    server,
    serverCa: await pem(cluster, 'certificate-authority'),
    ...(cert === '' || key === '' ? {} : { cert, key }),
    ...(token === '' ? {} : { token }),
    namespace: textOf(context['namespace']) || 'default',
  };
}

/** `contexts: [{name, context: {…}}]` and its like. */
function named(list: JsonValue | undefined, name: string, what: string, path: string): Fields {
  const entries = Array.isArray(list) ? list.map(fieldsOf) : [];
  const entry = entries.find((candidate) => candidate['name'] === name);
  if (entry === undefined) throw new CommandError(`kubeconfig ${path} has no ${what} "${name}"`);
  return fieldsOf(entry[what]);
}

function fieldsOf(value: JsonValue | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
