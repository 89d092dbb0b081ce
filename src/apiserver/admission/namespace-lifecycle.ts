/**
 * Objects live in namespaces that exist, none is created in one that ends, and the cluster's own namespaces stay.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go
 */
import { NAMESPACES } from '../../api/resources.ts';
import { newForbidden, newNotFound } from '../errors.ts';
import type { AdmissionRequest, AdmissionStep, AdmissionView } from './admission.ts';

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);
/** Reviews and bindings of a namespace are about it, not in it. */
const ALWAYS_ALLOWED = new Set(['localsubjectaccessreviews']);

export const namespaceLifecycle: AdmissionStep = {
  name: 'NamespaceLifecycle',
  admit(request, view) {
    const { row, operation, name } = request;
    if (row === NAMESPACES) {
      if (operation === 'DELETE' && IMMORTAL.has(name)) {
        throw newForbidden(row, name, 'this namespace may not be deleted');
      }
      return;
    }
    if (!row.namespaced || operation === 'DELETE' || ALWAYS_ALLOWED.has(row.resource)) return;
    checkNamespace(request, view);
  },
};

function checkNamespace({ row, operation, namespace, name }: AdmissionRequest, view: AdmissionView): void {
  const found = view.get(NAMESPACES, '', namespace);
  if (found === undefined) throw newNotFound(NAMESPACES, namespace);
  if (operation !== 'CREATE' || found.status?.['phase'] !== 'Terminating') return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw newForbidden(row, name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}
