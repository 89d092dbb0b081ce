/** The cluster's DNS zone over informers: finds by index what {@link answerQuestion} asks for. */
import type { Service } from '../api/generated/core-v1.ts';
import type { EndpointSlice } from '../api/generated/discovery-v1.ts';
import { ENDPOINT_SLICES, SERVICES } from '../api/resources.ts';
import type { Informer, InformerFactory } from '../client/informer.ts';
import {
  answerQuestion,
  type DnsQuestion,
  type ZoneAnswer,
  type ZoneOptions,
  type ZoneSource,
} from './dns-records.ts';
import { SERVICE_NAME_LABEL } from './routing-table.ts';

const BY_SERVICE = 'dns-service';
const BY_ADDRESS = 'dns-address';

export class DnsZone {
  readonly domain: string;
  readonly #options: ZoneOptions;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #source: ZoneSource;

  constructor(informers: InformerFactory, options: ZoneOptions) {
    this.domain = options.domain;
    this.#options = options;
    this.#services = informers.informer(SERVICES);
    this.#slices = informers.informer(ENDPOINT_SLICES);
    this.#services.addIndex(BY_ADDRESS, ({ spec }) => spec?.clusterIPs ?? []);
    this.#slices.addIndex(BY_SERVICE, ({ metadata }) => [
      `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME_LABEL]}`,
    ]);
    this.#slices.addIndex(BY_ADDRESS, ({ endpoints = [] }) =>
      endpoints.flatMap(({ addresses }) => addresses.slice(0, 1)),
    );
    this.#source = {
      service: (namespace, name) => this.#services.get(`${namespace}/${name}`),
      slicesOf: (namespace, name) => this.#slices.byIndex(BY_SERVICE, `${namespace}/${name}`),
      hasNamespace: (namespace) => this.#services.list(namespace).length > 0,
      servicesAt: (ip) => this.#services.byIndex(BY_ADDRESS, ip),
      slicesWith: (ip) => this.#slices.byIndex(BY_ADDRESS, ip),
    };
  }

  /** `undefined` until the cluster is known: better no answer than that a Service does not exist. */
  answer(question: DnsQuestion): ZoneAnswer | undefined {
    const answer = answerQuestion(question, this.#source, this.#options);
    const isKnown = this.#services.synced && this.#slices.synced;
    return isKnown || answer.kind === 'notOurs' ? answer : undefined;
  }
}
