/**
 * Names of sandboxes and containers with the attempt in them, as containerd reserves them: what an agent asked for that has
 * ended may still come, and must not come beside what its successor asked for.
 */
import { type ContainerConfig, RuntimeError, type SandboxConfig } from './runtime.ts';

interface Holder<T> {
  id: string;
  metadata: T;
}

/** @throws RuntimeError when one of `others` is of the same Pod and attempt */
export function checkSandboxNameIsFree(
  { attempt, name, namespace, uid }: SandboxConfig['metadata'],
  others: Iterable<Holder<SandboxConfig['metadata']>>,
): void {
  for (const { id, metadata } of others) {
    if (metadata.uid === uid && metadata.attempt === attempt)
      throw reserved('sandbox', `${name}_${namespace}_${uid}_${attempt}`, id);
  }
}

/** @param others  in the same sandbox @throws RuntimeError when one of them has the same name and attempt */
export function checkContainerNameIsFree(
  { attempt, name }: ContainerConfig['metadata'],
  others: Iterable<Holder<ContainerConfig['metadata']>>,
): void {
  for (const { id, metadata } of others) {
    if (metadata.name === name && metadata.attempt === attempt)
      throw reserved('container', `${name}_${attempt}`, id);
  }
}

function reserved(what: string, name: string, holder: string): RuntimeError {
  return new RuntimeError(
    'Unknown',
    `failed to reserve ${what} name "${name}": it is reserved for "${holder}"`,
  );
}
