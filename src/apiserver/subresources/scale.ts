/**
 * `scale`: the number of replicas of anything that has one, as autoscaling/v1 Scale.
 *
 * @see kubernetes/kubernetes pkg/registry/apps/deployment/storage/storage.go ScaleREST
 */
import type { Scale } from '../../api/generated/autoscaling-v1.ts';
import type { LabelSelector } from '../../api/generated/meta-v1.ts';
import type { ApiResponse } from '../../api/message.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { formatLabelSelector } from '../../api/selectors.ts';
import { invalid, toInvalidError } from '../../api/validation/field-error.ts';
import { type ApiObject, copyJson, objectOf } from '../api-object.ts';
import { toCustomScale, withCustomReplicas } from '../custom/custom-scale.ts';
import { decodeAs } from '../decode.ts';
import { newNotFound } from '../errors.ts';
import { patchFormat } from '../patching.ts';
import { readObject } from '../registry/registry.ts';
import { type ShownAs, updateObject } from '../registry/update.ts';
import { parseWriteOptions } from '../registry/write-options.ts';
import { mediaTypeOf, parseBody, parsePatchBody } from '../request-body.ts';
import { valueResponse } from '../responses.ts';
import {
  type CallHandler,
  type ResourceCall,
  type ServerContext,
  targetOf,
  writeOf,
} from '../server-context.ts';
import { storedAsServed } from '../shaping.ts';
import { requiredBody } from '../verbs.ts';

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

export const scaleHandlers: Readonly<Record<string, CallHandler>> = {
  get: getScale,
  update: updateScale,
  patch: patchScale,
};

function scaleOf({ custom }: ResourceRow, object: ApiObject): Scale {
  return custom?.scale === undefined ? toScale(object) : toCustomScale(object, custom.scale);
}

function withReplicas({ custom }: ResourceRow, object: ApiObject, replicas: number): ApiObject {
  if (custom?.scale === undefined) return { ...object, spec: { ...object.spec, replicas } };
  return withCustomReplicas(object, custom.scale, replicas);
}

/** `object` seen as a Scale. The selector is text here, so that an autoscaler can list the Pods. */
export function toScale(object: ApiObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = object.spec as { replicas?: number; selector?: LabelSelector | Record<string, string> };
  const replicas = spec.replicas ?? 0;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as Scale['metadata'],
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: (object.status?.['replicas'] as number | undefined) ?? 0,
      ...(spec.selector === undefined ? {} : { selector: selectorText(object, spec.selector) }),
    },
  };
}

/** A ReplicationController's selector is a plain map. */
function selectorText({ apiVersion }: ApiObject, selector: LabelSelector | Record<string, string>): string {
  const isPlain = apiVersion === 'v1';
  return formatLabelSelector(isPlain ? { matchLabels: selector as Record<string, string> } : selector);
}

/** By which the numbers of stored objects are found. */
function scaleRowOf(call: ResourceCall): ResourceRow {
  const { row } = targetOf(call);
  return row.custom !== undefined && row.custom.scale === undefined ? call.row : row;
}

async function getScale(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const target = targetOf(call);
  const stored = readObject(server.registry.store, target);
  if (stored === undefined) throw newNotFound(target.row, target.name);
  const object = await storedAsServed(server, target.row, objectOf(stored));
  return valueResponse(200, scaleOf(scaleRowOf(call), object), call.representation);
}

function updateScale(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { value } = requiredBody(parseBody(call.request, SCALE));
  call.audit?.requested(value);
  return writeScale(server, call, () => value);
}

function patchScale(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const applyPatch = patchFormat(mediaTypeOf(call.request.headers['content-type']));
  const { value } = requiredBody(parsePatchBody(call.request, false));
  call.audit?.patched(value);
  return writeScale(server, call, (current) => copyJson(applyPatch(current as never, value as never, SCALE)));
}

/** Webhooks are shown the Scale, and may change what it says of replicas. */
function shownAsScale(row: ResourceRow): ShownAs {
  return {
    subresource: 'scale',
    show: (object) => scaleOf(row, object) as unknown as ApiObject,
    take: (object, { spec }) => withReplicas(row, object, (spec?.['replicas'] as number | undefined) ?? 0),
  };
}

/** @param wanted  from the current Scale to the wanted one, not decoded yet */
async function writeScale(
  server: ServerContext,
  call: ResourceCall,
  wanted: (current: Scale) => unknown,
): Promise<ApiResponse> {
  const { dryRun, fieldValidation } = parseWriteOptions(call.request.query);
  const row = scaleRowOf(call);
  const edit = {
    subresource: '',
    shown: shownAsScale(row),
    produce(old: ApiObject): ApiObject {
      const { object: scale } = decodeAs(wanted(scaleOf(row, old)), SCALE, { fieldValidation });
      const replicas = (scale.spec?.['replicas'] as number | undefined) ?? 0;
      if (replicas < 0) {
        const why = 'must be greater than or equal to 0';
        throw toInvalidError(SCALE, call.info.name, [invalid('spec.replicas', replicas, why)]);
      }
      const { name, namespace, uid, resourceVersion } = scale.metadata;
      const metadata = { ...old.metadata, resourceVersion: resourceVersion ?? '' };
      if (name) metadata.name = name;
      if (namespace) metadata.namespace = namespace;
      if (uid) metadata.uid = uid;
      return withReplicas(row, { ...old, metadata }, replicas);
    },
  };
  const { object } = await updateObject(server.registry, targetOf(call), edit, writeOf(call, dryRun));
  return valueResponse(200, scaleOf(row, object), call.representation);
}
