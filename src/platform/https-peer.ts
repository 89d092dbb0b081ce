/** What a TLS connection proves about the client at its other end. Read once per connection. */
import type { TLSSocket } from 'node:tls';
import type { Peer, PeerCertificate } from '../api/message.ts';

export type RemotePeer = Extract<Peer, { kind: 'remote' }>;

/** The peer of an established connection. An expired or foreign certificate is reported with `trusted: false`. */
export function toPeer(socket: TLSSocket): RemotePeer {
  return { kind: 'remote', address: socket.remoteAddress ?? '', certificate: toCertificate(socket) };
}

function toCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerCertificate();
  if (!certificate?.raw) return undefined;
  return {
    commonName: toList(certificate.subject?.CN).at(-1) ?? '',
    organizations: toList(certificate.subject?.O),
    trusted: socket.authorized,
    notAfterMs: Date.parse(certificate.valid_to),
    fingerprint: certificate.fingerprint256,
  };
}

/** Node gives a repeated attribute as an array. Of several common names the last counts, as in Go's pkix.Name. */
function toList(attribute: string | string[] | undefined): string[] {
  return attribute === undefined ? [] : typeof attribute === 'string' ? [attribute] : attribute;
}
