/**
 * Everything that the API server says about itself: which groups, versions and resources there are (in both forms), its
 * version, its health, its schemas, and the keys by which others can verify its tokens.
 *
 * Read-only and without I/O; documents follow what is served and are built when first asked for.
 */
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import type { Clock } from '../../base/clock.ts';
import type { ServedVersion } from '../aggregation/served-version.ts';
import { newMethodNotAllowed } from '../errors.ts';
import type { PathResponder } from '../interfaces.ts';
import {
  type AggregatedDocument,
  acceptedAggregate,
  aggregatedForm,
  toAggregated,
} from './aggregated-documents.ts';
import { toApiVersions, toGroup, toGroupList, toResourceList } from './classic-documents.ts';
import { type HealthChecks, healthResponse, text } from './health.ts';
import { OpenApiDocuments } from './openapi-documents.ts';
import { documentResponse, metaResponse, type PublishedDocument, publish } from './published-document.ts';
import type { ServerVersion } from './server-version.ts';

export interface DiscoverySources {
  clock: Pick<Clock, 'now'>;
  /** What there is now, in the order of its priority; another array once it has changed. */
  served: () => readonly ServedVersion[];
  version: ServerVersion;
  health: HealthChecks;
  /** Host and port for `serverAddressByClientCIDRs`. */
  serverAddress: string;
  /** Of service account tokens. */
  issuer: TokenIdentity;
  /** Prometheus' text format. */
  metrics?: () => string | Promise<string>;
}

export interface TokenIdentity {
  /** The `iss` of tokens. */
  issuer: string;
  jwks: () => { keys: object[] };
  algorithms: () => string[];
}

/** Prometheus, text format 0.0.4. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const ROOT_PATHS = [
  '/.well-known/openid-configuration',
  '/api',
  '/apis',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/readyz',
  '/version',
];

/** Answers discovery's paths with GET and HEAD; undefined for all others. */
export function newDiscovery(sources: DiscoverySources): PathResponder {
  return new SelfDescription(sources);
}

class SelfDescription implements PathResponder {
  readonly #sources: DiscoverySources;
  readonly #documents = new Map<string, PublishedDocument>();
  readonly #openApi: OpenApiDocuments;
  #served: readonly ServedVersion[] = [];

  constructor(sources: DiscoverySources) {
    this.#sources = sources;
    this.#openApi = new OpenApiDocuments(sources.clock);
  }

  respond(request: ApiRequest): ApiResponse | undefined | Promise<ApiResponse | undefined> {
    this.#followChanges();
    const response =
      this.#fixed(request) ??
      this.#resources(request) ??
      healthResponse(this.#sources.health, request) ??
      this.#openApi.respond(request, this.#served);
    if (response && request.method !== 'GET' && request.method !== 'HEAD') throw newMethodNotAllowed();
    return response;
  }

  #followChanges(): void {
    const served = this.#sources.served();
    if (served === this.#served) return;
    this.#served = served;
    this.#documents.clear();
  }

  #fixed(request: ApiRequest): ApiResponse | undefined | Promise<ApiResponse> {
    const { version, issuer, metrics } = this.#sources;
    const path = withoutTrailingSlash(request.path);
    if (path === '/version') return documentResponse(request, this.#kept(path, () => version)!);
    if (path === '/metrics' && metrics) return this.#metrics(metrics);
    if (path === '/.well-known/openid-configuration') {
      return documentResponse(request, publish(openIdConfiguration(issuer)));
    }
    if (path === '/openid/v1/jwks') {
      return documentResponse(request, publish(issuer.jwks()), { contentType: 'application/jwk-set+json' });
    }
    if (request.path === '/') return documentResponse(request, publish({ paths: ROOT_PATHS }));
    return undefined;
  }

  async #metrics(metrics: () => string | Promise<string>): Promise<ApiResponse> {
    return text(200, await metrics(), METRICS_TYPE);
  }

  #resources(request: ApiRequest): ApiResponse | undefined {
    const path = withoutTrailingSlash(request.path);
    const [, root, group = '', version = '', ...rest] = path.split('/');
    if ((root !== 'api' && root !== 'apis') || rest.length > 0) return undefined;
    const aggregate = group === '' ? acceptedAggregate(request.headers['accept']) : undefined;
    if (aggregate !== undefined) {
      const own = this.#served.filter((version) => (version.group === '') === (root === 'api'));
      const document = this.#kept(`aggregated ${root}`, () => toAggregated(own))!;
      return documentResponse(
        request,
        document,
        aggregatedForm(aggregate, document.value as AggregatedDocument),
      );
    }
    const document = this.#kept(path, () =>
      root === 'api' ? this.#coreDocument(group, version) : this.#groupDocument(group, version),
    );
    return document && metaResponse(request, document);
  }

  /** Of the core group's paths the first step is the version. */
  #coreDocument(version: string, rest: string): unknown {
    if (version === '') return toApiVersions(this.#sources.serverAddress);
    return rest === '' ? toResourceList('', version, this.#served) : undefined;
  }

  #groupDocument(group: string, version: string): unknown {
    if (group === '') return toGroupList(this.#served);
    return version === '' ? toGroup(group, this.#served) : toResourceList(group, version, this.#served);
  }

  /** Only documents that exist are kept: their number is bounded by the table, not by what is asked for. */
  #kept(key: string, build: () => unknown): PublishedDocument | undefined {
    const known = this.#documents.get(key);
    if (known) return known;
    const value = build();
    if (value === undefined) return undefined;
    const document = publish(value);
    this.#documents.set(key, document);
    return document;
  }
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** @see OpenID Connect Discovery 1.0, section 3; as much of it as upstream gives */
function openIdConfiguration({ issuer, algorithms }: TokenIdentity): object {
  return {
    issuer,
    jwks_uri: `${issuer}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms(),
  };
}
