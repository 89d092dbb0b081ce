// An extension API server in a Pod, as upstream's library is one: what it trusts it reads from the API by its own account, who
// asks it reads from headers, and whether they may it asks the API. Serves `whoamis` of pods.example.com/v1.
const { readFileSync } = require('node:fs');
const https = require('node:https');

const ACCOUNT = `${process.env.KINTSUGI_ROOT ?? ''}/var/run/secrets/kubernetes.io/serviceaccount`;
const API_VERSION = 'pods.example.com/v1';

function ask(method, path, body) {
  const options = {
    host: process.env.KUBERNETES_SERVICE_HOST,
    port: process.env.KUBERNETES_SERVICE_PORT,
    method,
    path,
    ca: readFileSync(`${ACCOUNT}/ca.crt`),
    headers: {
      authorization: `Bearer ${readFileSync(`${ACCOUNT}/token`, 'utf8')}`,
      'content-type': 'application/json',
    },
  };
  return new Promise((resolve, reject) => {
    const outgoing = https.request(options, (incoming) => {
      const chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (incoming.statusCode < 300) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${incoming.statusCode} ${text}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

async function isAllowed(user, groups, verb) {
  const resourceAttributes = { group: 'pods.example.com', resource: 'whoamis', verb };
  const review = await ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups, resourceAttributes },
  });
  return review.status.allowed;
}

const RESOURCES = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: API_VERSION,
  resources: [
    { name: 'whoamis', singularName: 'whoami', namespaced: false, kind: 'WhoAmI', verbs: ['get', 'list'] },
  ],
};

async function answer(request, allowedNames) {
  const name = request.socket.authorized ? request.socket.getPeerCertificate().subject.CN : undefined;
  if (!allowedNames.includes(name)) return [401, { kind: 'Status', code: 401 }];
  const { pathname } = new URL(request.url, 'https://self');
  if (pathname === `/apis/${API_VERSION}`) return [200, RESOURCES];
  const user = request.headers['x-remote-user'];
  const groups = (request.headers['x-remote-group'] ?? '').split(', ');
  if (!pathname.startsWith(`/apis/${API_VERSION}/whoamis`)) return [404, { kind: 'Status', code: 404 }];
  if (!(await isAllowed(user, groups, 'get'))) return [403, { kind: 'Status', code: 403 }];
  return [200, { apiVersion: API_VERSION, kind: 'WhoAmI', metadata: { name: 'me' }, spec: { user, groups } }];
}

async function main() {
  const { data } = await ask(
    'GET',
    '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
  );
  const allowedNames = JSON.parse(data['requestheader-allowed-names']);
  const tls = {
    key: process.env.TLS_KEY,
    cert: process.env.TLS_CERT,
    ca: data['requestheader-client-ca-file'],
    requestCert: true,
    rejectUnauthorized: false,
  };
  const server = https.createServer(tls, (request, response) => {
    answer(request, allowedNames).then(
      ([status, value]) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value)),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(8443, process.env.HOST);
}

process.on('SIGTERM', () => process.exit(0));
// What cannot start ends, and is started again.
void main();
