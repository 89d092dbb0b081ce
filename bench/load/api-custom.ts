/** A kind with validation rules in CEL, and its objects as a client sends them. */
export const RULED_PATH = 'apis/bench.example.com/v1';

const INTEGER = { type: 'integer' };
const NAME = { type: 'string', maxLength: 63 };
const ITEM = {
  type: 'object',
  required: ['name', 'weight'],
  properties: { name: NAME, weight: INTEGER, url: { type: 'string', maxLength: 256 } },
  'x-kubernetes-validations': [{ rule: "self.weight >= 0 && self.url.startsWith('https://')" }],
};

/** Rules of the sorts that definitions have: bounds, lists that are compared with themselves, patterns, transitions. */
const SPEC = {
  type: 'object',
  required: ['min', 'max', 'host', 'items'],
  properties: {
    min: INTEGER,
    max: INTEGER,
    replicas: INTEGER,
    host: { type: 'string', maxLength: 253 },
    labels: { type: 'object', maxProperties: 32, additionalProperties: NAME },
    items: { type: 'array', maxItems: 32, items: ITEM },
  },
  'x-kubernetes-validations': [
    { rule: 'self.min <= self.replicas && self.replicas <= self.max', message: 'replicas out of bounds' },
    { rule: 'self.items.all(a, self.items.exists_one(b, a.name == b.name))', message: 'names are unique' },
    { rule: "self.labels.all(key, key.size() <= 63 && self.labels[key] != '')" },
    {
      rule: "self.host.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
      messageExpression: "'bad host ' + self.host",
    },
    { rule: 'self.max >= oldSelf.max', message: 'max only grows' },
  ],
};

export type BenchDefinition = ReturnType<typeof newDefinition>;

/** A namespaced kind of one version, with the rules above. */
export function newDefinition(singular: string) {
  const group = 'bench.example.com';
  const names = { plural: `${singular}s`, kind: singular.charAt(0).toUpperCase() + singular.slice(1) };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: SPEC } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

export const RULED_DEFINITION = newDefinition('ruled');

export function newRuledObject(name: string): Buffer {
  const items = Array.from({ length: 8 }, (_, index) => {
    return { name: `item-${index}`, weight: index, url: `https://${index}.example.com/path` };
  });
  const labels = { app: 'web', tier: 'front', team: 'shop', env: 'test' };
  const spec = { min: 1, max: 10, replicas: 3, host: 'web.example.com', labels, items };
  return Buffer.from(
    JSON.stringify({ apiVersion: 'bench.example.com/v1', kind: 'Ruled', metadata: { name }, spec }),
  );
}
