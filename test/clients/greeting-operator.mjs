// An operator in plain fetch: for each Greeting a ConfigMap that it owns, and a status that says so.
// API and TOKEN say where the API is and as whom; the certificate authority comes by NODE_EXTRA_CA_CERTS.
const { API, TOKEN } = process.env;
const GREETINGS = '/apis/example.com/v1/greetings';

async function call(method, path, body, type = 'application/json') {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': type };
  const response = await fetch(API + path, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

async function reconcile({ apiVersion, kind, metadata, spec }) {
  const { name, namespace, uid, generation } = metadata;
  const owner = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
  const applied = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `greeting-${name}`, ownerReferences: [owner] },
    data: { text: `Hello, ${spec.whom}!` },
  };
  const map = `/api/v1/namespaces/${namespace}/configmaps/greeting-${name}?fieldManager=greeter&force=true`;
  await call('PATCH', map, applied, 'application/apply-patch+yaml');
  const status = { status: { observedGeneration: generation, ready: true } };
  const path = `/apis/example.com/v1/namespaces/${namespace}/greetings/${name}/status`;
  await call('PATCH', path, status, 'application/merge-patch+json');
}

async function* watch(resourceVersion) {
  const query = `?watch=true&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
  const { body } = await call('GET', GREETINGS + query);
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

const list = await (await call('GET', GREETINGS)).json();
const seen = new Map();
const changed = ({ metadata }) => seen.get(metadata.uid) !== metadata.generation;
for (const greeting of list.items) await reconcile(greeting);
console.log('watching');
for await (const { type, object } of watch(list.metadata.resourceVersion)) {
  if ((type !== 'ADDED' && type !== 'MODIFIED') || !changed(object)) continue;
  await reconcile(object);
  seen.set(object.metadata.uid, object.metadata.generation);
}
