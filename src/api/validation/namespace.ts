/** Validation of Namespaces: who holds one, and that its phase tells whether it goes. @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateNamespace */
import type { Namespace } from '../generated/core-v1.ts';
import { errorsOfEach, type FieldError, invalid } from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export function validateNamespace({ spec }: Namespace): FieldError[] {
  return errorsOfEach(spec?.finalizers ?? [], (name) => validateFinalizer(name, 'spec.finalizers'));
}

/** Only the door to it changes who holds a namespace, so other updates have nothing to say of it. */
export function validateNamespaceUpdate(): FieldError[] {
  return [];
}

export function validateNamespaceSubresource(subresource: string, namespace: Namespace): FieldError[] {
  if (subresource === 'finalize') {
    const finalizers = namespace.spec?.finalizers ?? [];
    return errorsOfEach(finalizers, (name, index) => validateFinalizer(name, `spec.finalizers[${index}]`));
  }
  if (subresource !== 'status') return [];
  const { phase = '' } = namespace.status ?? {};
  const isGoing = namespace.metadata.deletionTimestamp !== undefined;
  const wanted = isGoing ? 'Terminating' : 'Active';
  if (phase === wanted) return [];
  const when = isGoing ? 'is not empty' : 'is empty';
  return [invalid('status.Phase', phase, `may only be '${wanted}' if \`deletionTimestamp\` ${when}`)];
}

function validateFinalizer(name: string, field: string): FieldError[] {
  const problem = qualifiedNameProblem(name);
  const errors = problem === undefined ? [] : [invalid(field, name, problem)];
  if (!name.includes('/') && !STANDARD_FINALIZERS.has(name)) {
    const detail = 'name is neither a standard finalizer name nor is it fully qualified';
    errors.push(invalid(field, name, detail));
  }
  return errors;
}
