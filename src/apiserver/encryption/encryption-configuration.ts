/** The file that says which resources are encrypted at rest, and with what. @see apiserver.config.k8s.io/v1 EncryptionConfiguration */
import {
  type ConfigurationReader,
  HEADER_FIELDS,
  parseConfiguration,
} from '../../api/configuration/configuration.ts';
import { allResources } from '../../api/resources.ts';
import { duplicate, invalid, required } from '../../api/validation/field-error.ts';
import { formatYaml } from '../../api/yaml.ts';
import { fromBase64, toBase64 } from '../../base/base64.ts';
import { prefixOf } from '../registry/registry.ts';
import type { EncryptionKey, EncryptionProvider, EncryptionRule } from './value-encryption.ts';

const HEADER = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration' };
const SECRET_BYTES = 32;
const KEY_NAME = /^[A-Za-z0-9._-]{1,253}$/;
const PROVIDERS = ['aesgcm', 'identity'];

/** As it stands in the file, so that it can be changed and written again. */
export interface EncryptionConfiguration {
  resources: { resources: string[]; providers: EncryptionProvider[] }[];
}

/** @throws ConfigurationError naming every field that is wrong */
export function parseEncryptionConfiguration(text: string): EncryptionConfiguration {
  return parseConfiguration(text, HEADER, (reader) => {
    reader.expectOnly([...HEADER_FIELDS, 'resources']);
    const resources = reader.objects('resources').map(readEntry);
    if (resources.length === 0) reader.report(required('resources'));
    return { resources };
  });
}

function readEntry(reader: ConfigurationReader): EncryptionConfiguration['resources'][number] {
  reader.expectOnly(['resources', 'providers']);
  const resources = reader.strings('resources');
  if (resources.length === 0) reader.report(required(reader.pathOf('resources')));
  for (const [index, name] of resources.entries()) {
    const path = `${reader.pathOf('resources')}[${index}]`;
    const problem = resourceProblem(name);
    if (problem !== undefined) reader.report(invalid(path, name, problem));
  }
  const providers = reader.objects('providers').map(readProvider);
  if (providers.length === 0) reader.report(required(reader.pathOf('providers')));
  return { resources, providers };
}

function readProvider(reader: ConfigurationReader): EncryptionProvider {
  reader.expectOnly(PROVIDERS);
  const named = PROVIDERS.filter((name) => reader.has(name));
  const path = reader.pathOf('');
  if (named.length !== 1) {
    const message = `Invalid value: must have exactly one of ${PROVIDERS.join(', ')}`;
    reader.report({ reason: 'FieldValueInvalid', field: path.replace(/\.$/, ''), message });
  }
  const aesgcm = reader.object('aesgcm');
  if (aesgcm === undefined) return { kind: 'identity' };
  aesgcm.expectOnly(['keys']);
  const keys = aesgcm.objects('keys').map(readKey);
  if (keys.length === 0) aesgcm.report(required(aesgcm.pathOf('keys')));
  for (const [index, { name }] of keys.entries())
    if (keys.findIndex((other) => other.name === name) < index)
      aesgcm.report(duplicate(`${aesgcm.pathOf('keys')}[${index}].name`, name));
  return { kind: 'aesgcm', keys };
}

/** What is wrong with a secret is said without it. */
function readKey(reader: ConfigurationReader): EncryptionKey {
  reader.expectOnly(['name', 'secret']);
  const name = reader.string('name');
  if (!KEY_NAME.test(name))
    reader.report(
      invalid(reader.pathOf('name'), name, 'must be letters, digits, dots, dashes or underscores'),
    );
  const secret = decodeSecret(reader.string('secret'));
  if (secret?.length !== SECRET_BYTES) {
    const problem = secret === undefined ? 'is not base64' : `has ${secret.length} bytes`;
    const message = `Invalid value: ${problem}; must be ${SECRET_BYTES} bytes in base64`;
    reader.report({ reason: 'FieldValueInvalid', field: reader.pathOf('secret'), message });
  }
  return { name, secret: secret ?? new Uint8Array() };
}

function decodeSecret(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text);
  } catch {
    return undefined;
  }
}

/** The file's text. */
export function formatEncryptionConfiguration({ resources }: EncryptionConfiguration): string {
  const entries = resources.map((entry) => ({
    resources: entry.resources,
    providers: entry.providers.map((provider) =>
      provider.kind === 'identity'
        ? { identity: {} }
        : {
            aesgcm: {
              keys: provider.keys.map(({ name, secret }) => ({
                name,
                secret: toBase64(secret),
              })),
            },
          },
    ),
  }));
  return formatYaml({ ...HEADER, resources: entries });
}

/** Where what the configuration names is stored. Of two entries that name one resource the first counts. */
export function encryptionRules({ resources }: EncryptionConfiguration): EncryptionRule[] {
  return resources.map((entry) => ({
    prefixes: entry.resources.flatMap(prefixesOf),
    providers: entry.providers,
  }));
}

/** A name that is slightly wrong would leave in the open what somebody believes encrypted. */
function resourceProblem(name: string): string | undefined {
  if (name === '*' || !/^(?:\*|[a-z0-9-]+)(?:\.(?:\*|[a-z0-9.-]*))?$/.test(name))
    return 'must be RESOURCE, RESOURCE.GROUP, *.GROUP, *. or *.*';
  if (name.endsWith('.*')) return name === '*.*' ? undefined : 'only *.* is of every group';
  const [resource, group] = splitName(name);
  const ofGroup = allResources().filter((row) => row.group === group);
  if (resource === '*' || ofGroup.length === 0 || ofGroup.some((row) => row.resource === resource))
    return undefined;
  return `there is no such resource in the group ${JSON.stringify(group)}`;
}

function splitName(name: string): [resource: string, group: string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

function prefixesOf(name: string): string[] {
  if (name === '*.*') return ['/registry/'];
  const [resource, group] = splitName(name);
  const rows = allResources().filter(
    (row) => row.group === group && (resource === '*' || row.resource === resource) && !row.virtual,
  );
  const known = rows.map((row) => prefixOf(row, ''));
  if (group === '') return [...new Set(known)];
  // Custom resources are in no table here.
  return [
    ...new Set([...known, resource === '*' ? `/registry/${group}/` : `/registry/${group}/${resource}/`]),
  ];
}
