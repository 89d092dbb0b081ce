import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { load } from 'js-yaml';
import { silentLogger } from '../base/logger.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { nodeCredentialPaths, openPki } from './pki.ts';
import { issueCertificate, newKeyPair } from './pki-certificate.ts';
import { readCredential } from './pki-credential.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const root = await mkdtemp(join(tmpdir(), 'kintsugi-pki-'));
after(() => rm(root, { recursive: true }));

let folders = 0;
function newDirectory(): string {
  return join(root, String(folders++));
}

function open(directory: string, clock = newSimulatedClock(), serverHosts = ['10.96.0.1', 'my-host']) {
  return openPki(clock, silentLogger, { directory, serverHosts });
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

test('openPki makes certificates that OpenSSL accepts, with the names by which the server is reached', async () => {
  const pki = await open(newDirectory());
  const server = new X509Certificate(pki.server().cert);
  const authority = new X509Certificate(pki.clusterCa);
  assert.ok(authority.ca && server.verify(authority.publicKey) && server.checkIssued(authority));
  for (const host of [
    'localhost',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'my-host',
  ]) {
    assert.equal(server.checkHost(host), host);
  }
  for (const address of ['127.0.0.1', '::1', '10.96.0.1']) assert.equal(server.checkIP(address), address);
  assert.equal(server.checkHost('example.com'), undefined);
  assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1']);
});

test('openPki gives the administrator and each node a client certificate of the client authority', async () => {
  const pki = await open(newDirectory());
  const authority = new X509Certificate(pki.server().clientCa);
  const admin = new X509Certificate(pki.admin().cert);
  assert.equal(admin.subject, 'O=system:masters\nCN=kubernetes-admin');
  const node = await pki.node('worker-1', ['10.0.0.7']);
  const client = new X509Certificate(node.client.cert);
  assert.equal(client.subject, 'O=system:nodes\nCN=system:node:worker-1');
  assert.deepEqual(client.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  for (const certificate of [admin, client]) assert.ok(certificate.verify(authority.publicKey));
  const server = new X509Certificate(node.server.cert);
  assert.equal(server.checkIP('10.0.0.7'), '10.0.0.7');
  assert.ok(!server.verify(authority.publicKey), 'a serving certificate is no client');
});

test('openPki keeps keys to their owner', async () => {
  const directory = newDirectory();
  await (await open(directory)).node('n', []);
  const { client, server } = nodeCredentialPaths(directory, 'n');
  const keys = ['cluster-ca.pem', 'client-ca.pem', 'admin.pem', 'service-account.key', 'api-server.pem'];
  for (const path of [client, server, ...keys.map((name) => join(directory, name))]) {
    assert.equal(await modeOf(path), 0o600, path);
  }
  assert.equal(await modeOf(directory), 0o700);
});

test('openPki finds again what it made, and issues anew what is damaged, foreign or for other hosts', async () => {
  const directory = newDirectory();
  const first = await open(directory);
  const again = await open(directory);
  assert.equal(again.server().cert, first.server().cert);
  assert.equal(again.serviceAccountKey, first.serviceAccountKey);
  const other = await open(directory, newSimulatedClock(), ['other-host']);
  assert.equal(new X509Certificate(other.server().cert).checkHost('other-host'), 'other-host');
  await writeFile(join(directory, 'admin.pem'), 'torn');
  const foreign = await open(newDirectory());
  await writeFile(join(directory, 'api-server.pem'), foreign.server().key + foreign.server().cert);
  const mended = await open(directory);
  const authority = new X509Certificate(first.clusterCa).publicKey;
  assert.ok(new X509Certificate(mended.server().cert).verify(authority));
  assert.equal(mended.clusterCa, first.clusterCa);
});

test('openPki refuses a damaged authority instead of locking every client out', async () => {
  const directory = newDirectory();
  await open(directory);
  const path = join(directory, 'client-ca.pem');
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 300));
  await assert.rejects(open(directory), (error: Error) => error.message.startsWith(`${path}: `));
});

test('openPki renews expired certificates on start', async () => {
  const directory = newDirectory();
  const first = await open(directory);
  const clock = newSimulatedClock();
  await clock.advance(400 * DAY_MS);
  const second = await open(directory, clock);
  assert.notEqual(second.server().cert, first.server().cert);
  assert.ok(Date.parse(new X509Certificate(second.server().cert).validTo) > clock.now());
});

test('openPki renews an authority with its key, so that what it signed stays good', async () => {
  const directory = newDirectory();
  const first = await open(directory);
  const clock = newSimulatedClock();
  await clock.advance(3000 * DAY_MS);
  const second = await open(directory, clock);
  assert.notEqual(second.clusterCa, first.clusterCa);
  assert.ok(new X509Certificate(first.server().cert).verify(new X509Certificate(second.clusterCa).publicKey));
});

test('Pki.run renews at two thirds of the life and says so', async () => {
  const clock = newSimulatedClock();
  const pki = await open(newDirectory(), clock);
  const before = pki.server().cert;
  const controller = new AbortController();
  const renewed = new Promise<void>((resolve) => pki.onRenewal(resolve));
  const running = pki.run(controller.signal);
  await clock.advance(243 * DAY_MS);
  assert.equal(pki.server().cert, before);
  await clock.advance(DAY_MS);
  await renewed;
  assert.notEqual(pki.server().cert, before);
  controller.abort();
  await running;
});

test('nodeCredentialPaths refuses a name that leaves its folder', () => {
  for (const name of ['', '..', '../x', 'a/b', '.hidden', 'UPPER']) {
    assert.throws(() => nodeCredentialPaths('/pki', name), /is not a node's name/);
  }
});

test('readCredential refuses a key with the certificate of another', async () => {
  const [own, other] = await Promise.all([newKeyPair(), newKeyPair()]);
  const subject = { commonName: 'x' };
  const order = {
    subject,
    usage: 'client',
    notBeforeMs: Date.now(),
    notAfterMs: Date.now() + DAY_MS,
  } as const;
  const certificate = issueCertificate(order, own.publicKey, { subject, keys: own });
  const path = join(root, 'mixed.pem');
  await writeFile(path, other.privateKey.export({ type: 'pkcs8', format: 'pem' }) + certificate);
  await assert.rejects(readCredential(path), /the key does not belong to the certificate/);
});

test('issueCertificate writes dates after 2049 and every form of address', async () => {
  const keys = await newKeyPair();
  const subject = { commonName: 'ü', organizations: ['a', 'b'] };
  const hosts = ['1.2.3.4', '::', 'fe80::1', '2001:db8:1:2:3:4:5:6', '*.example.com'];
  const notAfterMs = Date.UTC(2060, 5, 1, 12, 30, 15);
  const order = { subject, usage: 'server', hosts, notBeforeMs: Date.UTC(2026, 0, 1), notAfterMs } as const;
  const parsed = new X509Certificate(issueCertificate(order, keys.publicKey, { subject, keys }));
  assert.equal(Date.parse(parsed.validTo), notAfterMs);
  for (const host of hosts.slice(0, 4)) assert.equal(parsed.checkIP(host), host);
  assert.equal(parsed.checkHost('a.example.com'), '*.example.com');
  assert.equal(parsed.toLegacyObject().subject.CN, 'ü');
});

test('writeKubeconfig writes what clients read, for its owner only, and only when it changed', async () => {
  const pki = await open(newDirectory());
  const path = join(root, 'kubeconfig');
  const target = { server: 'https://127.0.0.1:6443', name: 'kintsugi', credentials: pki.admin() };
  await writeKubeconfig(path, target);
  const { mtimeNs, ino } = await stat(path, { bigint: true });
  assert.equal(await modeOf(path), 0o600);
  const config = load(await readFile(path, 'utf8')) as Record<string, never>;
  assert.equal(config['current-context'], 'kintsugi');
  const user = (config['users'] as unknown as { user: Record<string, string> }[])[0]!.user;
  assert.equal(Buffer.from(user['client-key-data']!, 'base64').toString(), pki.admin().key);
  await writeKubeconfig(path, target);
  assert.deepEqual(await stat(path, { bigint: true }).then((now) => [now.mtimeNs, now.ino]), [mtimeNs, ino]);
});
