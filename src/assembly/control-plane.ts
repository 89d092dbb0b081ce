/**
 * Controllers and scheduler of one process. Each speaks to the API as its own service account, through the same client as
 * everybody; the caches are shared and filled as `system:kube-controller-manager`.
 */
import type { Transport, UserInfo } from '../api/message.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { newEventRecorder } from '../client/event-writer.ts';
import { newInformerFactory } from '../client/informer-factory.ts';
import { newPacedTransport } from '../client/paced-transport.ts';
import { newRestClient } from '../client/rest-client.ts';
import type { CertificateSigner } from '../controllers/certificates/certificate-signer.ts';
import type { Controller } from '../controllers/framework/controller.ts';
import type { ControllerMetrics } from '../controllers/framework/metrics.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { CONTROLLERS } from './controllers.ts';
import { runAll } from './run-all.ts';

export interface ControlPlaneOptions {
  clock: Clock;
  random: Random;
  log: Logger;
  metrics: ControllerMetrics;
  /** PEM, published to every namespace. */
  clusterCa: string;
  certificateSigner: CertificateSigner;
  /** The way to the API server, speaking as `user`. */
  transportOf(user: UserInfo): Transport;
}

/** Works until `signal` aborts; rejects when an invariant is broken. */
export async function runControlPlane(options: ControlPlaneOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, log, metrics } = options;
  const clientOf = (user: UserInfo) => {
    const transport = newPacedTransport(options.transportOf(user), REQUESTS_MAX);
    return newRestClient(transport, { userAgent: user.username });
  };
  const informers = newInformerFactory({ client: clientOf(CONTROLLER_MANAGER), clock, random, log });
  const memberOf = (user: UserInfo, component: string) => {
    const client = clientOf(user);
    return { client, recorder: newEventRecorder({ client, clock, random, log, component }) };
  };
  const scheduling = memberOf(SCHEDULER, 'default-scheduler');
  const scheduler = new Scheduler({ clock, random, log, informers, ...scheduling });
  const recorders = [scheduling.recorder];
  const controllers: Controller[] = CONTROLLERS.map(({ account, component, create }) => {
    const member = memberOf(serviceAccount(account), component);
    recorders.push(member.recorder);
    return create({ clock, random, log, informers, metrics, ...member }, options);
  });
  await runAll(signal, [
    ...[scheduler, ...controllers].map((controller) => (both: AbortSignal) => controller.run(both)),
    ...recorders.map((recorder) => (both: AbortSignal) => recorder.run(both)),
    (both) => informers.run(both),
  ]);
}

/** Of one member at once; a few that are busy together still find room at their priority level. */
const REQUESTS_MAX = 100;

const CONTROLLER_MANAGER: UserInfo = {
  username: 'system:kube-controller-manager',
  groups: ['system:authenticated'],
};
const SCHEDULER: UserInfo = { username: 'system:kube-scheduler', groups: ['system:authenticated'] };

function serviceAccount(name: string): UserInfo {
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  };
}
