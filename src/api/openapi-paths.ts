/**
 * The paths of a resource as OpenAPI operations, derived from its row: which verbs exist, with which parameters and bodies.
 * Clients read from here whether the server knows `fieldValidation` and `dryRun`, and how a kind may be patched.
 */
import type { JsonObject, JsonValue } from './json.ts';
import type { GroupVersionKind } from './meta.ts';
import type { Dialect } from './openapi-schema.ts';
import type { ResourceRow, SubresourceRow, Verb } from './resource-row.ts';
import { resourcePath } from './resources.ts';

/** References to the bodies that operations take and give. */
export interface BodyRefs {
  kind(gvk: GroupVersionKind): JsonObject | undefined;
  patch: JsonObject;
}

const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const OBJECT_TYPES = ['application/json', 'application/yaml'];
const STREAM_TYPES = [...OBJECT_TYPES, 'application/json;stream=watch'];

const PARAMETERS: Record<string, 'boolean' | 'integer' | 'string'> = {
  allowWatchBookmarks: 'boolean',
  continue: 'string',
  dryRun: 'string',
  fieldManager: 'string',
  fieldSelector: 'string',
  fieldValidation: 'string',
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  labelSelector: 'string',
  limit: 'integer',
  orphanDependents: 'boolean',
  propagationPolicy: 'string',
  resourceVersion: 'string',
  resourceVersionMatch: 'string',
  sendInitialEvents: 'boolean',
  timeoutSeconds: 'integer',
  watch: 'boolean',
};

const SELECTION = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
];
const DELETION = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'];
const WRITE = ['dryRun', 'fieldManager', 'fieldValidation'];

interface OperationRow {
  method: string;
  /** `x-kubernetes-action`. */
  action: string;
  /** The first word of the operation's id. */
  word: string;
  parameters: readonly string[];
  body: 'none' | 'object' | 'patch' | 'options';
  answer: 'object' | 'list' | 'status';
}

const OPERATIONS: Record<Exclude<Verb, 'watch'>, OperationRow> = {
  get: { method: 'get', action: 'get', word: 'read', parameters: [], body: 'none', answer: 'object' },
  list: { method: 'get', action: 'list', word: 'list', parameters: SELECTION, body: 'none', answer: 'list' },
  create: {
    method: 'post',
    action: 'post',
    word: 'create',
    parameters: WRITE,
    body: 'object',
    answer: 'object',
  },
  update: {
    method: 'put',
    action: 'put',
    word: 'replace',
    parameters: WRITE,
    body: 'object',
    answer: 'object',
  },
  patch: {
    method: 'patch',
    action: 'patch',
    word: 'patch',
    parameters: [...WRITE, 'force'],
    body: 'patch',
    answer: 'object',
  },
  delete: {
    method: 'delete',
    action: 'delete',
    word: 'delete',
    parameters: DELETION,
    body: 'options',
    answer: 'status',
  },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    word: 'delete',
    parameters: [
      ...DELETION,
      ...SELECTION.filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks'),
    ],
    body: 'options',
    answer: 'status',
  },
};

const ON_COLLECTION: ReadonlySet<Verb> = new Set<Verb>(['list', 'create', 'deletecollection']);
const META_V1 = { group: '', version: 'v1' };

/** Adds the operations of `row` to `paths`. */
export function addPaths(paths: JsonObject, row: ResourceRow, refs: BodyRefs, dialect: Dialect): void {
  new PathWriter(paths, row, refs, dialect).write();
}

class PathWriter {
  readonly #paths: JsonObject;
  readonly #row: ResourceRow;
  readonly #refs: BodyRefs;
  readonly #dialect: Dialect;

  constructor(paths: JsonObject, row: ResourceRow, refs: BodyRefs, dialect: Dialect) {
    this.#paths = paths;
    this.#row = row;
    this.#refs = refs;
    this.#dialect = dialect;
  }

  write(): void {
    const row = this.#row;
    const collection = resourcePath(row, row.namespaced ? '{namespace}' : '')
      .replaceAll('%7B', '{')
      .replaceAll('%7D', '}');
    for (const verb of row.verbs) {
      if (verb === 'watch') continue;
      const path = ON_COLLECTION.has(verb) ? collection : `${collection}/{name}`;
      this.#add(path, verb, undefined);
    }
    if (row.namespaced && row.verbs.includes('list')) this.#add(resourcePath(row), 'list', undefined);
    for (const sub of row.subresources) {
      for (const verb of sub.verbs) {
        if (verb === 'watch') continue;
        this.#add(`${collection}/{name}/${sub.name}`, verb, sub);
        if (sub.name === 'proxy') this.#add(`${collection}/{name}/proxy/{path}`, verb, sub);
      }
    }
  }

  #add(path: string, verb: Exclude<Verb, 'watch'>, sub: SubresourceRow | undefined): void {
    const item = (this.#paths[path] ?? { parameters: pathParameters(path, this.#dialect) }) as JsonObject;
    this.#paths[path] = item;
    const operation = OPERATIONS[verb];
    item[operation.method] = sub?.connect
      ? this.#connection(path, verb, sub)
      : this.#operation(path, verb, sub);
  }

  #gvk(sub: SubresourceRow | undefined): GroupVersionKind {
    const { group, version, kind } = this.#row;
    return sub?.kind ?? { group, version, kind };
  }

  #connection(path: string, verb: Exclude<Verb, 'watch'>, sub: SubresourceRow): JsonObject {
    const { method } = OPERATIONS[verb];
    return {
      operationId: this.#operationId(`connect`, path, sub, method),
      parameters: [],
      responses: { '200': this.#response(['*/*'], { type: 'string' }) },
      'x-kubernetes-action': 'connect',
      'x-kubernetes-group-version-kind': { ...this.#gvk(sub) },
      ...(this.#dialect === 'v2' ? { consumes: ['*/*'], produces: ['*/*'] } : {}),
    };
  }

  #operation(path: string, verb: Exclude<Verb, 'watch'>, sub: SubresourceRow | undefined): JsonObject {
    const row = OPERATIONS[verb];
    const gvk = this.#gvk(sub);
    const types = verb === 'list' ? STREAM_TYPES : OBJECT_TYPES;
    const answer = this.#refs.kind(answerKind(row, gvk)) ?? {};
    const parameters: JsonValue[] = row.parameters.map((name) => queryParameter(name, this.#dialect));
    const operation: JsonObject = {
      operationId: this.#operationId(verb === 'deletecollection' ? 'deleteCollection' : row.word, path, sub),
      parameters,
      responses: { [verb === 'create' ? '201' : '200']: this.#response(types, answer) },
      'x-kubernetes-action': row.action,
      'x-kubernetes-group-version-kind': { ...gvk },
    };
    if (this.#dialect === 'v2') operation['produces'] = types;
    this.#addBody(operation, row.body, gvk);
    return operation;
  }

  #addBody(operation: JsonObject, body: OperationRow['body'], gvk: GroupVersionKind): void {
    if (body === 'none') return;
    const types = body === 'patch' ? this.#patchTypes() : OBJECT_TYPES;
    const schema = this.#bodySchema(body, gvk);
    if (this.#dialect === 'v3') operation['requestBody'] = { content: contentOf(types, schema) };
    else {
      operation['consumes'] = types;
      (operation['parameters'] as JsonValue[]).unshift({
        name: 'body',
        in: 'body',
        required: body !== 'options',
        schema,
      });
    }
  }

  /** Clients read here that custom resources know no strategic merge. */
  #patchTypes(): string[] {
    if (this.#row.custom === undefined) return PATCH_TYPES;
    return PATCH_TYPES.filter((type) => !type.includes('strategic'));
  }

  #bodySchema(body: 'object' | 'patch' | 'options', gvk: GroupVersionKind): JsonObject {
    if (body === 'patch') return this.#refs.patch;
    return this.#refs.kind(body === 'options' ? { ...META_V1, kind: 'DeleteOptions' } : gvk) ?? {};
  }

  #response(types: readonly string[], schema: JsonObject): JsonObject {
    const response: JsonObject = { description: 'OK' };
    if (this.#dialect === 'v3') response['content'] = contentOf(types, schema);
    else response['schema'] = schema;
    return response;
  }

  /** Such as `readAppsV1NamespacedDeploymentScale`, the names that client generators make methods of. */
  #operationId(word: string, path: string, sub: SubresourceRow | undefined, method = ''): string {
    const { group, version, kind, namespaced } = this.#row;
    const label = group === '' ? 'core' : group.replace(/\.k8s\.io$|\.authorization\.k8s\.io$/, '');
    const groupWord = label.split('.').map(capitalized).join('');
    const isSpanning = namespaced && !path.includes('{namespace}');
    const scope = namespaced && !isSpanning ? 'Namespaced' : '';
    const head = word === 'deleteCollection' ? 'delete' : word;
    const collection = word === 'deleteCollection' ? 'Collection' : '';
    const withPath = path.endsWith('{path}') ? 'WithPath' : '';
    const tail = `${scope}${kind}${sub === undefined ? '' : capitalized(sub.name)}${withPath}`;
    return `${head}${groupWord}${capitalized(version)}${collection}${capitalized(method)}${tail}${isSpanning ? 'ForAllNamespaces' : ''}`;
  }
}

function answerKind(row: OperationRow, gvk: GroupVersionKind): GroupVersionKind {
  if (row.answer === 'status') return { ...META_V1, kind: 'Status' };
  return row.answer === 'list' ? { ...gvk, kind: `${gvk.kind}List` } : gvk;
}

function contentOf(types: readonly string[], schema: JsonObject): JsonObject {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function pathParameters(path: string, dialect: Dialect): JsonValue[] {
  return ['name', 'namespace', 'path']
    .filter((name) => path.includes(`{${name}}`))
    .map((name) => ({ name, in: 'path', required: true, ...typed('string', dialect) }));
}

function queryParameter(name: string, dialect: Dialect): JsonObject {
  return { name, in: 'query', ...typed(PARAMETERS[name] ?? 'string', dialect) };
}

function typed(type: string, dialect: Dialect): JsonObject {
  return dialect === 'v3' ? { schema: { type, uniqueItems: true } } : { type, uniqueItems: true };
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
