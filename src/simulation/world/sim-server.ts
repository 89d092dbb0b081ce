/**
 * The API server of a simulated cluster: the shipped store and API server over a simulated disk. The disk outlives the
 * process; each start of the process is a new listener over what the disk kept.
 */
import type { ApiResponse } from '../../api/message.ts';
import type { ExtensionReader } from '../../apiserver/aggregation/extension-reader.ts';
import { bootstrapRbacObjects } from '../../apiserver/authz/bootstrap-roles.ts';
import { bootstrapCluster } from '../../apiserver/bootstrap.ts';
import { runEventExpiry } from '../../apiserver/event-expiry.ts';
import { runFairness } from '../../apiserver/fairness/run-fairness.ts';
import { runServiceAddresses } from '../../apiserver/service-addresses/keep-addresses.ts';
import type { WebhookTransport } from '../../apiserver/webhooks/webhook-transport.ts';
import { runAll, type Task } from '../../assembly/run-all.ts';
import { newServerParts } from '../../assembly/server-parts.ts';
import { aborted } from '../../base/abort.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import type { Journal } from '../../store/journal.ts';
import { type OpenStore, openStore, type StoreLimits } from '../../store/mvcc-store.ts';
import { SIMULATED_AUTHORITIES, SimulatedExtensions } from '../sim-extensions.ts';
import type { Life } from './life.ts';
import type { Program } from './sim-process.ts';
import { newSimulatedTokenKeys } from './sim-token-keys.ts';
import type { ServerEndpoint, ServerListener } from './sim-transport.ts';
import { throughLife } from './through-life.ts';

/** The disk under the store, of which a journal is opened at each start. */
export interface JournalDisk {
  /** `crash` ends a journal whose process is gone: what is not durable may be lost, and nothing settles any more. */
  open(): Journal & { crash(): void };
}

export interface SimulatedServerOptions {
  party: string;
  random: Random;
  log: Logger;
  disk: JournalDisk;
  storeLimits: Partial<StoreLimits>;
  podCidr: string;
  serviceCidr: string;
  webhooks: WebhookTransport;
  /** What else lives in the process. */
  companions: (life: Life) => readonly Task[];
  /** A store has been opened: what it holds is durable. */
  onOpen: (store: OpenStore) => void;
  onReady: () => void;
}

export class SimulatedServer implements ServerEndpoint {
  readonly party: string;
  readonly #options: SimulatedServerOptions;
  #listener: ServerListener | undefined;
  #store: OpenStore | undefined;
  #starts = 0;

  constructor(options: SimulatedServerOptions) {
    this.party = options.party;
    this.#options = options;
  }

  get listener(): ServerListener | undefined {
    return this.#listener?.life.hasEnded === false ? this.#listener : undefined;
  }

  /** Of the process that runs, or of the last that ran: what was durable and published at its end. */
  get store(): OpenStore | undefined {
    return this.#store;
  }

  readonly program: Program = async (life, signal) => {
    const { clock } = life;
    const { disk, log, party, podCidr, serviceCidr, companions, onOpen, onReady } = this.#options;
    const { storeLimits: limits, webhooks } = this.#options;
    const random = this.#options.random.fork(`start ${++this.#starts}`);
    const journal = disk.open();
    life.onEnd(() => journal.crash());
    const calls = ['load', 'commit', 'compact', 'close'] as const;
    const throughDoor = throughLife<Journal>(journal, life, { call: calls, read: ['follow'] });
    const store = await openStore({ journal: throughDoor, clock, log, limits }, signal);
    this.#store = store;
    onOpen(store);
    let isReady = false;
    const { api, securityView } = newServerParts({
      clock,
      random,
      log,
      store,
      keys: newSimulatedTokenKeys(),
      signatures: { isGenuine: () => true },
      ranges: { podCidr, serviceCidr, nodePorts: { first: 30_000, last: 32_767 } },
      platform: { name: 'linux/amd64', runtime: 'simulation' },
      address: `${party}:6443`,
      readiness: { name: 'bootstrap', problem: () => (isReady ? undefined : 'bootstrap is not done') },
      metrics: async () => '',
      webhooks: throughLife<WebhookTransport>(webhooks, life, {
        call: [],
        broken: ['send'],
      }),
      extensions: {
        // Nothing in a simulated cluster is an API server.
        reader: throughLife<ExtensionReader>(new SimulatedExtensions(clock), life, {
          call: [],
          broken: ['read', 'forward'],
        }),
        authorities: SIMULATED_AUTHORITIES,
      },
    });
    await bootstrapCluster(api.registry, {
      advertise: { address: '192.0.2.1', port: 6443 },
      rbacObjects: bootstrapRbacObjects(),
    });
    await api.aggregation.start();
    isReady = true;
    const broken = Promise.withResolvers<never>();
    this.#listener = {
      life,
      handle: (request, requestSignal): Promise<ApiResponse> => api.handle(request, requestSignal),
      broke: (error) => broken.reject(error),
    };
    onReady();
    await runAll(signal, [
      (both) => Promise.race([broken.promise, aborted(both)]),
      (both) => store.run(both),
      (both) => securityView.run(both),
      (both) => api.definitions.run(both),
      (both) => runFairness(api.fairness, api.registry, both),
      (both) => api.aggregation.run(both),
      (both) => runEventExpiry(api.registry, both),
      (both) => runServiceAddresses(api.registry, both),
      ...companions(life),
    ]);
    this.#listener = undefined;
    await store.close();
  };
}
