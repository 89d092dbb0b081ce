/**
 * `binding`: the scheduler's decision. Puts a Pod on a node, once.
 *
 * @see kubernetes/kubernetes pkg/registry/core/pod/storage/storage.go BindingREST
 */
import type { Binding, PodCondition } from '../../api/generated/core-v1.ts';
import type { ApiResponse } from '../../api/message.ts';
import { PODS } from '../../api/resources.ts';
import { notSupported, required, toInvalidError } from '../../api/validation/field-error.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { decodeAs } from '../decode.ts';
import { newBadRequest, newConflict } from '../errors.ts';
import { updateObject } from '../registry/update.ts';
import { parseWriteOptions } from '../registry/write-options.ts';
import { parseBody } from '../request-body.ts';
import { successStatus } from '../responses.ts';
import { ownWriteOf, type ResourceCall, type ServerContext } from '../server-context.ts';
import { requiredBody } from '../verbs.ts';
import { askAboutPosted } from './ask-webhooks.ts';

const BINDING = { group: '', version: 'v1', kind: 'Binding' };
const BINDINGS_OF_PODS = { group: '', resource: 'pods/binding' };

/** Serves `pods/NAME/binding`, and `bindings`, where the body names the Pod. */
export async function createBinding(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const options = parseWriteOptions(call.request.query);
  const { value } = requiredBody(parseBody(call.request, BINDING));
  const binding = decodeAs(value, BINDING, options).object as unknown as Binding;
  call.audit?.requested(binding);
  const name = call.info.name || binding.metadata.name;
  if (binding.metadata.name && binding.metadata.name !== name) {
    throw newBadRequest('name in URL does not match name in Binding object');
  }
  checkTarget(binding, name);
  const named = { ...call, info: { ...call.info, name, subresource: 'binding' }, row: PODS };
  await askAboutPosted(server, named, binding as unknown as ApiObject, options);
  const { clock } = server.registry;
  const target = { row: PODS, namespace: call.info.namespace, name };
  const edit = {
    subresource: 'binding',
    produce: (old: ApiObject) => boundPod(old, binding, toTimestamp(clock.now())),
  };
  await updateObject(server.registry, target, edit, ownWriteOf(call, options.dryRun));
  return successStatus(201, call.representation);
}

function checkTarget({ target }: Binding, name: string): void {
  const kind = target?.kind ?? '';
  if (kind !== '' && kind !== 'Node') {
    throw toInvalidError(BINDING, name, [notSupported('target.kind', kind, ['Node', '<empty>'])]);
  }
  if (!target?.name) throw toInvalidError(BINDING, name, [required('target.name')]);
}

/** Pure. @throws StatusError Conflict when the Pod has a node already or is about to go */
export function boundPod(pod: ApiObject, { metadata, target }: Binding, now: string): ApiObject {
  const name = pod.metadata.name!;
  const { uid, resourceVersion, annotations } = metadata;
  if (uid && uid !== pod.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`;
    throw newConflict(BINDINGS_OF_PODS, name, why);
  }
  if (resourceVersion && resourceVersion !== pod.metadata.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`;
    throw newConflict(BINDINGS_OF_PODS, name, why);
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw newConflict(BINDINGS_OF_PODS, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const nodeName = pod.spec?.['nodeName'];
  if (nodeName) {
    throw newConflict(
      BINDINGS_OF_PODS,
      name,
      `pod ${name} is already assigned to node ${JSON.stringify(nodeName)}`,
    );
  }
  const gates = pod.spec?.['schedulingGates'] as unknown[] | undefined;
  if (gates !== undefined && gates.length > 0) {
    throw newConflict(BINDINGS_OF_PODS, name, `pod ${name} has non-empty .spec.schedulingGates`);
  }
  const bound: ApiObject = {
    ...pod,
    metadata:
      annotations === undefined
        ? { ...pod.metadata }
        : { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } },
    spec: { ...pod.spec, nodeName: target.name },
    status: { ...pod.status, conditions: withScheduled(pod, now) },
  };
  // A promise that is kept, or was overtaken. Upstream: ClearingNominatedNodeNameAfterBinding.
  delete bound.status!['nominatedNodeName'];
  return bound;
}

function withScheduled({ status }: ApiObject, now: string): PodCondition[] {
  const conditions = (status?.['conditions'] as PodCondition[] | undefined) ?? [];
  const others = conditions.filter(({ type }) => type !== 'PodScheduled');
  return others.concat({ type: 'PodScheduled', status: 'True', lastTransitionTime: now });
}
