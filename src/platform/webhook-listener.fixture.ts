/** A webhook as it stands in a network: a real HTTPS listener on loopback, with a certificate of an authority of its own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { issueCertificate, newKeyPair } from './pki-certificate.ts';
import { exportKey } from './pki-credential.ts';

export interface WebhookListener {
  port: number;
  /** `https://127.0.0.1:PORT`. */
  url: string;
  /** PEM. */
  ca: string;
  /** As `clientConfig` has it. */
  caBundle: string;
  server: Server;
  readonly close: () => Promise<void>;
}

export type Answering = (body: string, response: ServerResponse, request: IncomingMessage) => void;

const HOUR_MS = 3_600_000;

export async function startWebhookListener(
  answer: Answering,
  { hosts = ['127.0.0.1'], expired = false } = {},
): Promise<WebhookListener> {
  const [authority, keys] = await Promise.all([newKeyPair(), newKeyPair()]);
  const now = Date.now();
  const valid = { notBeforeMs: now - 2 * HOUR_MS, notAfterMs: now + HOUR_MS };
  const subject = { commonName: 'webhook-ca' };
  const issuer = { subject, keys: authority };
  const ca = issueCertificate({ subject, usage: 'ca', ...valid }, authority.publicKey, issuer);
  const cert = issueCertificate(
    {
      subject: { commonName: 'webhook' },
      usage: 'server',
      hosts,
      notBeforeMs: valid.notBeforeMs,
      notAfterMs: expired ? now - HOUR_MS : valid.notAfterMs,
    },
    keys.publicKey,
    issuer,
  );
  const server = createServer({ cert, key: exportKey(keys.privateKey) }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(Buffer.concat(chunks).toString(), response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    ca,
    caBundle: Buffer.from(ca).toString('base64'),
    server,
    close,
  };
}
