/** What works in a server until it ends, once it is ready. */
import { runEventExpiry } from '../apiserver/event-expiry.ts';
import { runFairness } from '../apiserver/fairness/run-fairness.ts';
import { runServiceAddresses } from '../apiserver/service-addresses/keep-addresses.ts';
import { runControlPlane } from '../assembly/control-plane.ts';
import type { Task } from '../assembly/run-all.ts';
import type { ServerParts } from '../assembly/server-parts.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { newInProcessTransport } from '../client/in-process-transport.ts';
import { newCertificateSigner } from '../platform/certificate-signer.ts';
import type { Pki } from '../platform/pki.ts';
import type { OpenStore } from '../store/mvcc-store.ts';
import type { ProcessMetrics } from './metrics.ts';

export interface RunningServer {
  clock: Clock;
  random: Random;
  log: Logger;
  store: OpenStore;
  pki: Pki;
  parts: ServerParts;
  metrics: ProcessMetrics;
}

export function serverTasks({ store, pki, parts, metrics, ...world }: RunningServer): Task[] {
  const { api, securityView } = parts;
  return [
    (signal) => store.run(signal),
    (signal) => pki.run(signal),
    (signal) => securityView.run(signal),
    (signal) => api.definitions.run(signal),
    (signal) => runFairness(api.fairness, api.registry, signal),
    (signal) => api.aggregation.run(signal),
    (signal) => runEventExpiry(api.registry, signal),
    (signal) => runServiceAddresses(api.registry, signal),
    (signal) =>
      runControlPlane(
        {
          ...world,
          metrics: metrics.controllers,
          clusterCa: pki.clusterCa,
          certificateSigner: newCertificateSigner(pki, world.clock),
          transportOf: (user) => newInProcessTransport(api.handle.bind(api), user),
        },
        signal,
      ),
  ];
}
