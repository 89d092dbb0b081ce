/**
 * Roles and bindings, arranged for the question that every request asks: which rules does this user have here?
 *
 *     user and groups ─> bindings (of the cluster, of the namespace) ─> role ─> compiled rules
 *
 * Whoever owns the store puts every RBAC object in and keeps it current; a change costs one object, never a rebuild.
 */

import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  Subject,
} from '../../api/generated/rbac-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import type { NewObject } from '../../api/meta.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';
import { type CompiledRule, compileRule } from './policy-rule.ts';

/** As stored, or as it is about to be created. */
export type RbacObject = RoleObject | BindingObject;
type RoleObject = NewObject<ClusterRole> | NewObject<Role>;
type BindingObject = NewObject<ClusterRoleBinding> | NewObject<RoleBinding>;

/** A binding by which a user has rules; the subject is the one that names the user. */
export interface Grant {
  readonly binding: BindingObject;
  readonly subject: Subject;
}

export interface RbacIndex {
  /** Adds `object`, or replaces the one of the same kind, namespace and name. */
  put(object: RbacObject): void;
  delete(object: RbacObject): void;
  /** The grants of `user` in `namespace` (`''`: those of the whole cluster only), the cluster's first. */
  grants(user: UserInfo, namespace: string): Iterable<Grant>;
  /** The rules behind a grant; undefined when the role does not exist. */
  rulesOf(grant: Grant): readonly CompiledRule[] | undefined;
}

export function newRbacIndex(): RbacIndex {
  return new SubjectIndex();
}

interface IndexedRole {
  object: RoleObject;
  rules: readonly CompiledRule[];
}

/** Of one subject: by namespace (`''` for the cluster), then by the binding's key. */
type SubjectGrants = Map<string, Map<string, Grant>>;

class SubjectIndex implements RbacIndex {
  readonly #roles = new Map<string, IndexedRole>();
  readonly #bindings = new Map<string, BindingObject>();
  readonly #subjects = new Map<string, SubjectGrants>();
  /** Rules of roles that gather others; emptied whenever a ClusterRole changes. */
  readonly #gathered = new Map<string, readonly CompiledRule[]>();

  put(object: RbacObject): void {
    if (isBinding(object)) this.#putBinding(object);
    else this.#putRole(object);
  }

  delete(object: RbacObject): void {
    const key = keyOf(object);
    if (isBinding(object)) {
      this.#removeBinding(key);
      return;
    }
    this.#roles.delete(key);
    this.#gathered.clear();
  }

  *grants(user: UserInfo, namespace: string): Iterable<Grant> {
    const subjects = [this.#subjects.get(`User/${user.username}`)];
    for (const group of user.groups) subjects.push(this.#subjects.get(`Group/${group}`));
    for (const subject of subjects) {
      const grants = subject?.get('');
      if (grants) yield* grants.values();
    }
    if (namespace === '') return;
    for (const subject of subjects) {
      const grants = subject?.get(namespace);
      if (grants) yield* grants.values();
    }
  }

  rulesOf({ binding }: Grant): readonly CompiledRule[] | undefined {
    const { kind, name } = binding.roleRef;
    const key =
      kind === 'ClusterRole' ? `ClusterRole//${name}` : `Role/${binding.metadata.namespace}/${name}`;
    const role = this.#roles.get(key);
    if (role && 'aggregationRule' in role.object) return this.#gather(key, role);
    return role?.rules;
  }

  #putRole(object: RoleObject): void {
    this.#roles.set(keyOf(object), { object, rules: (object.rules ?? []).map(compileRule) });
    this.#gathered.clear();
  }

  #putBinding(binding: BindingObject): void {
    const key = keyOf(binding);
    this.#removeBinding(key);
    this.#bindings.set(key, binding);
    const namespace = binding.metadata.namespace ?? '';
    for (const subject of binding.subjects ?? []) {
      const grants = getOrAdd(
        this.#subjects,
        subjectKey(subject, namespace),
        newMap<string, Map<string, Grant>>,
      );
      getOrAdd(grants, namespace, newMap<string, Grant>).set(key, { binding, subject });
    }
  }

  #removeBinding(key: string): void {
    const binding = this.#bindings.get(key);
    if (!binding) return;
    this.#bindings.delete(key);
    const namespace = binding.metadata.namespace ?? '';
    for (const subject of binding.subjects ?? []) {
      const name = subjectKey(subject, namespace);
      const grants = this.#subjects.get(name);
      grants?.get(namespace)?.delete(key);
      if (grants?.get(namespace)?.size === 0) grants.delete(namespace);
      if (grants?.size === 0) this.#subjects.delete(name);
    }
  }

  /** Its own rules and those of every ClusterRole that its selectors choose, also where nobody has copied them yet. */
  #gather(key: string, { object, rules }: IndexedRole): readonly CompiledRule[] {
    const known = this.#gathered.get(key);
    if (known) return known;
    const { aggregationRule } = object as ClusterRole;
    const selects = (aggregationRule?.clusterRoleSelectors ?? []).map(newSelectorMatcher);
    const chosen = [...this.#roles.values()].filter(
      (role) =>
        role.object.kind === 'ClusterRole' &&
        role.object !== object &&
        selects.some((matches) => matches(role.object.metadata.labels)),
    );
    const all = [...rules, ...chosen.flatMap((role) => role.rules)];
    this.#gathered.set(key, all);
    return all;
  }
}

function isBinding(object: RbacObject): object is BindingObject {
  return 'roleRef' in object;
}

function keyOf({ kind, metadata }: RbacObject): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

/** A ServiceAccount is a user with a name of its own form. */
function subjectKey(subject: Subject, bindingNamespace: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind}/${subject.name}`;
  return `User/system:serviceaccount:${subject.namespace || bindingNamespace}:${subject.name}`;
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
