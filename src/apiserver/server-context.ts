/** What a request's handling works with: the registry and the services that subresources and reviews call. */
import type { ApiRequest, ApiResponse, UserInfo } from '../api/message.ts';
import type { ResourceRow } from '../api/resources.ts';
import type { AdmissionNotes } from './admission/admission.ts';
import type { AddressRange } from './allocate/address-range.ts';
import { askedBy } from './asked-request.ts';
import type { RequestAudit } from './audit/audit-log.ts';
import type { Seat } from './fairness/seat.ts';
import type { RequestAuthorizer, RulesResolver, TokenIssuer, TokenVerifier } from './interfaces.ts';
import type { KindCatalog } from './kinds.ts';
import type { ObservedRequest } from './metrics/request-metrics.ts';
import type { ProtobufMessages } from './protobuf/messages.ts';
import type { FrameWriter } from './registry/frames.ts';
import type { Registry, Target, WriteContext } from './registry/registry.ts';
import type { WatchSource } from './registry/watch-stream.ts';
import type { Representation } from './representation.ts';
import type { RequestInfo } from './route.ts';
import { storageRow } from './stored-version.ts';
import type { AgentSummaries } from './usage/agent-summaries.ts';

export interface ServerContext {
  registry: Registry;
  kinds: KindCatalog;
  watches: WatchSource;
  /** What of the store is in protobuf. */
  messages: ProtobufMessages;
  protobufFrames: FrameWriter;
  authorizer: RequestAuthorizer;
  rules: RulesResolver;
  tokenVerifier: TokenVerifier;
  tokenIssuer: TokenIssuer;
  /** Where the addresses of Pods are. */
  podRange: AddressRange;
  /** What nodes use; absent where there are no agents to ask. */
  usage?: AgentSummaries;
}

/** One authorized request for a resource that the table has. */
export interface ResourceCall {
  info: RequestInfo;
  row: ResourceRow;
  user: UserInfo;
  request: ApiRequest;
  /** Of the answer: what was asked for and can be had. */
  representation: Representation;
  signal: AbortSignal;
  /** By `Clock.monotonicMs`: then the client is told that it took too long. */
  deadlineMs: number;
  /** What admission has to say beside its verdict. */
  notes: AdmissionNotes;
  /** Where it is written down what was asked for; absent when nobody wants to know. */
  audit: RequestAudit | undefined;
  /** Where it is counted; absent when too much is. */
  observed: ObservedRequest | undefined;
  /** What it holds while it is served; absent for what lasts, but for watches. */
  seat?: Seat;
}

export type CallHandler = (server: ServerContext, call: ResourceCall) => ApiResponse | Promise<ApiResponse>;

/** What the call is about, in the version that is stored. */
export function targetOf({ row, info }: ResourceCall): Target {
  return { row: storageRow(row), namespace: row.namespaced ? info.namespace : '', name: info.name };
}

/** Who writes, and how. */
export function writeOf(call: ResourceCall, dryRun: boolean): WriteContext {
  const { user, notes } = call;
  return { user, dryRun, notes, asked: askedBy(call) };
}

/** As {@link writeOf}, for what the server does because of a request that webhooks have been asked about. */
export function ownWriteOf({ user, notes }: ResourceCall, dryRun: boolean): WriteContext {
  return { user, dryRun, notes };
}
