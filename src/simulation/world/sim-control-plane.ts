/**
 * Controllers and scheduler of a simulated cluster: within the server's process, as shipped; in a process of their own; or
 * as several candidates of which one leads.
 */
import type { Transport, UserInfo } from '../../api/message.ts';
import { runControlPlane } from '../../assembly/control-plane.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import { newFencedTransport } from '../../client/fenced-transport.ts';
import { LEADER_ELECTION_DEFAULTS, type Leadership, runAsLeader } from '../../client/leader-election.ts';
import { newRestClient } from '../../client/rest-client.ts';
import type { CertificateSigner } from '../../controllers/certificates/certificate-signer.ts';
import { noControllerMetrics } from '../../controllers/framework/metrics.ts';
import type { Life } from './life.ts';
import type { Program } from './sim-process.ts';

export interface SimulatedControlPlaneOptions {
  /** Unique among candidates. */
  identity: string;
  random: Random;
  log: Logger;
  transport(life: Life, user: UserInfo): Transport;
}

/** Works from its start until it ends, alone. */
export function newControlPlaneProgram(options: SimulatedControlPlaneOptions): Program {
  let starts = 0;
  return (life, signal) =>
    runControlPlane(
      {
        clock: life.clock,
        random: options.random.fork(`control plane ${++starts}`),
        log: options.log,
        metrics: noControllerMetrics,
        clusterCa: 'simulated CA',
        certificateSigner: simulatedSigner,
        transportOf: (user) => options.transport(life, user),
      },
      signal,
    );
}

const CANDIDATE: UserInfo = { username: 'system:kube-controller-manager', groups: ['system:authenticated'] };

export const LEADER_LEASE = { namespace: 'kube-system', name: 'kube-controller-manager' };

/** Works while it leads. Who loses the lead ends its process and is a candidate again after its restart, as upstream's. */
export function newCandidateProgram(options: SimulatedControlPlaneOptions): Program {
  let terms = 0;
  return async (life, signal) => {
    const client = newRestClient(options.transport(life, CANDIDATE), { userAgent: options.identity });
    const election = {
      client,
      clock: life.clock,
      random: options.random.fork(`election ${++terms}`),
      log: options.log,
      lease: LEADER_LEASE,
      identity: `${options.identity}_${terms}`,
      ...LEADER_ELECTION_DEFAULTS,
    };
    const lead = (leadership: Leadership) => {
      const transport = (of: Life, user: UserInfo) =>
        newFencedTransport(options.transport(of, user), leadership);
      const random = options.random.fork(`term ${terms}`);
      return newControlPlaneProgram({ ...options, random, transport })(life, leadership.signal);
    };
    await runAsLeader(election, lead, signal);
  };
}

/** Certificates of a simulated cluster: in form, with nothing in them, and they never expire. */
const simulatedSigner: CertificateSigner = {
  sign: () => ({ pem: '-----BEGIN CERTIFICATE-----\nMAowADADBgEqAwEA\n-----END CERTIFICATE-----\n' }),
  expiryMs: () => Number.POSITIVE_INFINITY,
};
