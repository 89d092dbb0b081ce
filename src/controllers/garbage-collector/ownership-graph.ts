/**
 * Who owns whom, over all resources, by uid. Fed by watches; an owner that is referred to but was not seen stands in it as
 * `absent`, until it is seen or a live read shows that it is gone.
 *
 * Invariant: `a` is among the dependents of `b` exactly when the last seen state of `a` refers to `b`.
 * @see k8s.io/kubernetes/pkg/controller/garbagecollector/graph_builder.go
 */
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceRow } from '../../api/resources.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export interface GraphNode {
  readonly uid: string;
  /** Absent until the kind is known: an owner of a kind that the API does not serve. */
  row: ResourceRow | undefined;
  namespace: string;
  name: string;
  owners: readonly OwnerReference[];
  dependents: ReadonlySet<GraphNode>;
  /** Referred to, but never seen. */
  isAbsent: boolean;
  isTerminating: boolean;
  /** Waits with its own end for its dependents (`foregroundDeletion`). */
  isWaitingForDependents: boolean;
  /** Waits until its dependents no longer refer to it (`orphan`). */
  isOrphaning: boolean;
}

export interface OwnershipGraph {
  get(uid: string): GraphNode | undefined;
  /** Looks again for the kinds of owners that were of none. @returns the uids that can be looked at now */
  resolve(): string[];
  readonly size: number;
  /** @returns the uids that must be looked at because of this change */
  upsert(row: ResourceRow, object: KubeObject): string[];
  /** Forgets an object that is gone. @returns the uids that must be looked at: its dependents, and owners that wait for it */
  remove(uid: string): string[];
}

/** @param rowOf  finds the resource of an owner reference */
export function newOwnershipGraph(
  rowOf: (reference: OwnerReference) => ResourceRow | undefined,
): OwnershipGraph {
  return new Graph(rowOf);
}

const NO_OWNERS: readonly OwnerReference[] = [];

class Graph implements OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #rowOf: (reference: OwnerReference) => ResourceRow | undefined;

  constructor(rowOf: (reference: OwnerReference) => ResourceRow | undefined) {
    this.#rowOf = rowOf;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  resolve(): string[] {
    const resolved: string[] = [];
    for (const owner of this.#nodes.values()) {
      if (owner.row !== undefined) continue;
      const [dependent] = owner.dependents;
      const reference = dependent?.owners.find(({ uid }) => uid === owner.uid);
      if (dependent !== undefined && reference !== undefined) this.#place(owner, reference, dependent);
      if (owner.row !== undefined) resolved.push(owner.uid);
    }
    return resolved;
  }

  upsert(row: ResourceRow, object: KubeObject): string[] {
    const { uid, name, namespace = '', ownerReferences = NO_OWNERS, finalizers = [] } = object.metadata;
    const node = this.#nodes.get(uid) ?? this.#add(uid);
    const before = node.owners;
    node.row = row;
    node.name = name;
    node.namespace = namespace;
    node.isAbsent = false;
    node.owners = ownerReferences;
    node.isTerminating = object.metadata.deletionTimestamp !== undefined;
    const wasWaiting = node.isWaitingForDependents;
    node.isWaitingForDependents = node.isTerminating && finalizers.includes(FOREGROUND);
    node.isOrphaning = node.isTerminating && finalizers.includes(ORPHAN);
    const affected = this.#relink(node, before);
    if (node.isOrphaning || node.isWaitingForDependents) affected.push(uid);
    if (node.isWaitingForDependents && !wasWaiting) affected.push(...uidsOf(node.dependents));
    return affected;
  }

  remove(uid: string): string[] {
    const node = this.#nodes.get(uid);
    if (node === undefined) return [];
    const affected = uidsOf(node.dependents);
    for (const { uid: ownerUid } of node.owners) {
      const owner = this.#nodes.get(ownerUid);
      if (owner === undefined) continue;
      removeDependent(owner, node);
      if (owner.isWaitingForDependents) affected.push(ownerUid);
      this.#dropIfUnused(owner);
    }
    this.#nodes.delete(uid);
    // Its dependents still refer to it: it stands as absent for as long as they do.
    if (node.dependents.size > 0) this.#restoreAsAbsent(node);
    return affected;
  }

  #add(uid: string): GraphNode {
    const node: GraphNode = {
      uid,
      row: undefined,
      namespace: '',
      name: '',
      owners: NO_OWNERS,
      dependents: NOBODY,
      isAbsent: true,
      isTerminating: false,
      isWaitingForDependents: false,
      isOrphaning: false,
    };
    this.#nodes.set(uid, node);
    return node;
  }

  /** Moves `node` from the owners it had to those it has. */
  #relink(node: GraphNode, before: readonly OwnerReference[]): string[] {
    if (before === node.owners) return [];
    const affected: string[] = [];
    const wanted = new Set(node.owners.map(({ uid }) => uid));
    for (const reference of node.owners) {
      const owner = this.#nodes.get(reference.uid) ?? this.#addAbsent(reference, node);
      // Whether an absent owner exists is asked once, of the owner; its dependents follow when it does not.
      if (owner.isAbsent) affected.push(owner.uid);
      if (owner.isWaitingForDependents) affected.push(node.uid, owner.uid);
      addDependent(owner, node);
    }
    const lost = before.filter(({ uid }) => !wanted.has(uid));
    for (const { uid } of lost) {
      const owner = this.#nodes.get(uid);
      if (owner === undefined) continue;
      removeDependent(owner, node);
      if (owner.isWaitingForDependents || owner.isOrphaning) affected.push(uid);
      this.#dropIfUnused(owner);
    }
    // Of several owners the last one that lives may have been taken off.
    if (lost.length > 0 && node.owners.length > 0) affected.push(node.uid);
    return affected;
  }

  #addAbsent(reference: OwnerReference, dependent: GraphNode): GraphNode {
    const owner = this.#add(reference.uid);
    this.#place(owner, reference, dependent);
    return owner;
  }

  /** Where an owner must be that nobody has seen. */
  #place(owner: GraphNode, reference: OwnerReference, dependent: GraphNode): void {
    owner.row = this.#rowOf(reference);
    owner.name = reference.name;
    owner.namespace = owner.row?.namespaced ? dependent.namespace : '';
  }

  #restoreAsAbsent(node: GraphNode): void {
    node.isAbsent = true;
    node.owners = NO_OWNERS;
    node.isTerminating = false;
    node.isWaitingForDependents = false;
    node.isOrphaning = false;
    this.#nodes.set(node.uid, node);
  }

  #dropIfUnused(node: GraphNode): void {
    if (node.isAbsent && node.dependents.size === 0) this.#nodes.delete(node.uid);
  }
}

function uidsOf(nodes: ReadonlySet<GraphNode>): string[] {
  return [...nodes].map(({ uid }) => uid);
}

/** Of most objects: that nobody refers to them takes no set of their own. */
const NOBODY: ReadonlySet<GraphNode> = new Set();

function addDependent(owner: GraphNode, node: GraphNode): void {
  if (owner.dependents === NOBODY) owner.dependents = new Set();
  (owner.dependents as Set<GraphNode>).add(node);
}

function removeDependent(owner: GraphNode, node: GraphNode): void {
  if (owner.dependents === NOBODY) return;
  (owner.dependents as Set<GraphNode>).delete(node);
  if (owner.dependents.size === 0) owner.dependents = NOBODY;
}
