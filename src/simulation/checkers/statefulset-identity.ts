/**
 * At most one Pod of a StatefulSet runs under one name, ever: by the containers that run, on whatever node. What was
 * removed by force is at the risk of whoever did so; only that person can know that the old one is dead.
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import type { ContainerChanged, ObjectCommitted, RequestDone } from '../world/world-event.ts';
import { uidInAnswer } from './answered-uid.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { PODS_PREFIX } from './storage-prefixes.ts';

const POD_COLLECTOR = 'system:serviceaccount:kube-system:pod-garbage-collector';

export const newStatefulSetIdentityChecker: CheckerFactory = (cluster, report) => {
  const book = new IdentityBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind === 'container') book.onContainer(event);
      else if (event.kind === 'request' && event.method === 'DELETE') book.onDeletion(event);
      else if (event.kind === 'commit' && event.key.startsWith(PODS_PREFIX)) book.onPod(event);
    },
  };
};

interface Identity {
  /** `namespace/name` */
  readonly key: string;
  /** Running containers, by id, with their node. */
  readonly running: Map<string, string>;
  isGone: boolean;
  wasForced: boolean;
}

class IdentityBook {
  readonly #report: (message: string) => void;
  /** By uid: Pods of StatefulSets that exist, or of which something still runs. */
  readonly #identities = new Map<string, Identity>();
  readonly #byKey = new Map<string, Set<string>>();

  constructor({ pods }: CheckedCluster, report: (message: string) => void) {
    this.#report = report;
    for (const pod of pods.all()) this.#learn(pod);
  }

  onPod({ type, object }: ObjectCommitted): void {
    const pod = object as unknown as Pod;
    const identity = this.#learn(pod);
    if (identity === undefined) return;
    if (type !== 'delete') return;
    identity.isGone = true;
    this.#forgetIfOver(pod.metadata.uid, identity);
  }

  /** A person, or the collector of Pods whose node is no more, removes by force. An agent removes what it has stopped. */
  onDeletion({ user, status, answer }: RequestDone): void {
    if (status >= 300 || (user.startsWith('system:') && user !== POD_COLLECTOR)) return;
    const identity = this.#identities.get(uidInAnswer(answer) ?? '');
    if (identity?.isGone === true) identity.wasForced = true;
  }

  onContainer({ type, podUid, containerId, node, name }: ContainerChanged): void {
    const identity = this.#identities.get(podUid);
    if (identity === undefined || type === 'created') return;
    if (type === 'started') {
      identity.running.set(containerId, node);
      this.#judge(podUid, identity, `${name} on ${node}`);
      return;
    }
    identity.running.delete(containerId);
    this.#forgetIfOver(podUid, identity);
  }

  #judge(podUid: string, { key }: Identity, started: string): void {
    for (const uid of this.#byKey.get(key) ?? []) {
      const other = this.#identities.get(uid)!;
      const [node] = other.running.values();
      if (uid === podUid || node === undefined || other.wasForced) continue;
      this.#report(
        `Pod ${key} (${podUid}) starts ${started}, and the one before it (${uid}) still runs on ${node}`,
      );
    }
  }

  #learn(pod: Pod): Identity | undefined {
    const { uid } = pod.metadata;
    const known = this.#identities.get(uid);
    if (known !== undefined || controllerOf(pod)?.kind !== 'StatefulSet') return known;
    const identity: Identity = { key: keyOf(pod), running: new Map(), isGone: false, wasForced: false };
    this.#identities.set(uid, identity);
    const namesakes = this.#byKey.get(identity.key);
    if (namesakes === undefined) this.#byKey.set(identity.key, new Set([uid]));
    else namesakes.add(uid);
    return identity;
  }

  #forgetIfOver(uid: string, { key, isGone, running }: Identity): void {
    if (!isGone || running.size > 0) return;
    this.#identities.delete(uid);
    const namesakes = this.#byKey.get(key);
    namesakes?.delete(uid);
    if (namesakes?.size === 0) this.#byKey.delete(key);
  }
}
