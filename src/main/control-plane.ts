/**
 * Controllers and scheduler inside the server process. Each speaks to the API as its own service account, through the same
 * client as everybody; the caches are shared and filled as `system:kube-controller-manager`.
 */
import type { UserInfo } from '../api/message.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import type { Logger } from '../base/logger.ts';
import { newEventRecorder } from '../client/event-writer.ts';
import { newInProcessTransport } from '../client/in-process-transport.ts';
import { newInformerFactory } from '../client/informer-factory.ts';
import { newRestClient } from '../client/rest-client.ts';
import type { Controller, ControllerContext } from '../controllers/framework/controller.ts';
import type { ControllerMetrics } from '../controllers/framework/metrics.ts';
import type { Pki } from '../platform/pki.ts';
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { CONTROLLERS } from './controllers.ts';
import { runAll } from './run-all.ts';

export interface ControlPlaneOptions {
  api: ApiServer;
  cluster: ClusterConfig;
  pki: Pki;
  log: Logger;
  metrics: ControllerMetrics;
}

/** Works until `signal` aborts; rejects when an invariant is broken. */
export async function runControlPlane(options: ControlPlaneOptions, signal: AbortSignal): Promise<void> {
  const { log } = options;
  const [clock, random] = [systemClock, systemRandom];
  const clientOf = (user: UserInfo) =>
    newRestClient(
      newInProcessTransport((request, requestSignal) => options.api.handle(request, requestSignal), user),
      { userAgent: user.username },
    );
  const caches = clientOf({ username: 'system:kube-controller-manager', groups: ['system:authenticated'] });
  const informers = newInformerFactory({ client: caches, clock, random, log });
  const schedulerClient = clientOf({ username: 'system:kube-scheduler', groups: ['system:authenticated'] });
  const schedulerRecorder = newEventRecorder({
    client: schedulerClient,
    clock,
    random,
    log,
    component: 'default-scheduler',
  });
  const scheduler = new Scheduler({
    clock,
    random,
    log,
    client: schedulerClient,
    informers,
    recorder: schedulerRecorder,
  });

  const recorders = [schedulerRecorder];
  const controllers: Controller[] = CONTROLLERS.map(({ account, component, create }) => {
    const client = clientOf(serviceAccount(account));
    const recorder = newEventRecorder({ client, clock, random, log, component });
    recorders.push(recorder);
    const context: ControllerContext = {
      clock,
      random,
      log,
      client,
      informers,
      recorder,
      metrics: options.metrics,
    };
    return create(context, options.pki.clusterCa);
  });
  await runAll(signal, [
    ...[scheduler, ...controllers].map((controller) => (both: AbortSignal) => controller.run(both)),
    ...recorders.map((recorder) => (both: AbortSignal) => recorder.run(both)),
    (both) => informers.run(both),
  ]);
}

function serviceAccount(name: string): UserInfo {
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  };
}
