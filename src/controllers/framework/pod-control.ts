/**
 * The two writes that workload controllers make on Pods, each with its Event and its mark in the expectations.
 *
 * Names are chosen here, not by the server: when an answer is lost, the same name is tried again, so that one intended Pod
 * never becomes two.
 * @see k8s.io/kubernetes/pkg/controller/controller_utils.go RealPodControl
 */
import type { Pod, PodTemplateSpec } from '../../api/generated/core-v1.ts';
import { gvkOf, type KubeObject } from '../../api/meta.ts';
import { isControlledBy } from '../../api/owner-references.ts';
import { PODS } from '../../api/resources.ts';
import { type Clock, toTimestamp } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { hasCause, hasReason, StatusError } from '../../base/status-error.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Expectations } from './expectations.ts';
import { generateName, newPodFromTemplate } from './pod-template.ts';

export interface PodControlOptions {
  clock: Clock;
  random: Random;
  client: ApiClient;
  recorder: EventRecorder;
  expectations: Expectations<Pod>;
}

export interface PodControl {
  /** Creates one Pod from `template`, controlled by `owner`. @throws StatusError of the creation, after its Event */
  create(owner: KubeObject, template: PodTemplateSpec, signal: AbortSignal): Promise<void>;
  /** Deletes exactly this Pod; one that is gone or replaced counts as deleted. @throws StatusError of the deletion */
  delete(owner: KubeObject, pod: Pod, signal: AbortSignal): Promise<void>;
}

export function newPodControl(options: PodControlOptions): PodControl {
  return new ExpectingPodControl(options);
}

class ExpectingPodControl implements PodControl {
  readonly #options: PodControlOptions;

  constructor(options: PodControlOptions) {
    this.#options = options;
  }

  async create(owner: KubeObject, template: PodTemplateSpec, signal: AbortSignal): Promise<void> {
    const { client, random, recorder, expectations } = this.#options;
    const ownerUid = owner.metadata.uid;
    const name = expectations.takeUnknownName(ownerUid) ?? generateName(`${owner.metadata.name}-`, random);
    const pod = newPodFromTemplate(template, { owner, ownerKind: gvkOf(owner), name });
    const creating = client.create(PODS, pod, signal).catch((error: unknown) => {
      if (hasReason(error, 'AlreadyExists')) return this.#ownedNamesake(owner, name, error, signal);
      throw error;
    });
    const created = await creating.catch((error: unknown) => {
      if (!(error instanceof StatusError)) throw error;
      // Whether or not the Pod was made after all: the same name is tried again, and a repeated failure reads the same.
      // A name that is another's is given up.
      if (!hasReason(error, 'AlreadyExists')) expectations.creationUnknown(ownerUid, name);
      if (!isNamespaceTerminating(error)) {
        recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${error.message}`);
      }
      throw error;
    });
    expectations.created(ownerUid, created);
    recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${name}`);
  }

  async delete(owner: KubeObject, pod: Pod, signal: AbortSignal): Promise<void> {
    const { client, clock, recorder, expectations } = this.#options;
    const { name, namespace = '', uid } = pod.metadata;
    const deletedAt = toTimestamp(clock.now());
    await client
      .delete(PODS, { namespace, name }, { preconditions: { uid } }, signal)
      .then(() => recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`))
      .catch((error: unknown) => {
        // A Conflict means that the name now is another Pod's.
        if (hasReason(error, 'NotFound', 'Conflict')) return;
        if (error instanceof StatusError) {
          recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${error.message}`);
        }
        throw error;
      });
    expectations.deleted(owner.metadata.uid, uid, deletedAt);
  }

  /** The Pod of an earlier attempt whose answer was lost; any other holder of the name is an error. */
  async #ownedNamesake(
    owner: KubeObject,
    name: string,
    error: StatusError,
    signal: AbortSignal,
  ): Promise<Pod> {
    const { namespace = '' } = owner.metadata;
    // Upstream's roles let workload controllers list Pods, not get them.
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    const [holder] = (await this.#options.client.list(PODS, selection, signal)).items;
    if (holder !== undefined && isControlledBy(holder, owner)) return holder;
    throw error;
  }
}

/** Nothing can be created in a namespace that is being deleted, and nobody needs to hear of it. */
export function isNamespaceTerminating(error: unknown): boolean {
  return hasCause(error, 'NamespaceTerminating');
}
