/**
 * Writes into a ValidatingAdmissionPolicy's status what its expressions get wrong about the kinds that it names, in the write
 * itself: upstream's controller does so some time after.
 *
 * @see kubernetes/kubernetes pkg/controller/validatingadmissionpolicystatus/controller.go
 */
import type {
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
} from '../../../api/generated/admissionregistration-v1.ts';
import { equalJson } from '../../../api/json.ts';
import { gvkText, toApiVersion } from '../../../api/meta.ts';
import { type CheckedKind, checkPolicyTypes } from '../../../api/policies/check-policy-types.ts';
import { kindType } from '../../../api/policies/kind-type.ts';
import { type ResourceRow, VALIDATING_ADMISSION_POLICIES } from '../../../api/resources.ts';
import type { KindCatalog } from '../../kinds.ts';
import type { AdmissionStep } from '../admission.ts';

/** @see typechecking.go maxTypesToCheck */
const KINDS_MAX = 10;

export function newPolicyStatus(kinds: KindCatalog): AdmissionStep {
  return {
    name: 'ValidatingAdmissionPolicyStatus',
    admit({ row, subresource, object, old }) {
      if (row !== VALIDATING_ADMISSION_POLICIES || subresource !== '' || object === undefined) return;
      const { spec } = object as unknown as ValidatingAdmissionPolicy;
      if (old !== undefined && equalJson(old.spec, spec)) return;
      const observedGeneration = old === undefined ? 1 : (old.metadata.generation ?? 0) + 1;
      const expressionWarnings = warningsOf(spec, kinds);
      const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
      object.status = { ...old?.status, observedGeneration, typeChecking };
    },
  };
}

function warningsOf(spec: ValidatingAdmissionPolicySpec, kinds: KindCatalog) {
  const rows = (spec.matchConstraints?.resourceRules ?? []).flatMap((rule) => rowsOf(rule, kinds));
  const checked = [...new Set(rows)].sort(compareRows).slice(0, KINDS_MAX).flatMap(toChecked);
  const { apiVersion, kind } = spec.paramKind ?? {};
  const params = kinds.rows.find(
    (row) => row.kind === kind && toApiVersion(row.group, row.version) === apiVersion,
  );
  return checkPolicyTypes(spec, checked, params && kindType(params));
}

/** Those that a rule names; one that says "all" in any way names none. */
function rowsOf(
  { apiGroups = [], apiVersions = [], resources = [] }: NamedRuleWithOperations,
  kinds: KindCatalog,
): ResourceRow[] {
  if (apiGroups.includes('*') || apiVersions.includes('*')) return [];
  return kinds.rows.filter(
    ({ group, version, resource }) =>
      apiGroups.includes(group) && apiVersions.includes(version) && resources.includes(resource),
  );
}

function compareRows(a: ResourceRow, b: ResourceRow): number {
  const [left, right] = [a, b].map(({ group, version, kind }) => `${group}\0${version}\0${kind}`);
  return left! < right! ? -1 : 1;
}

function toChecked(row: ResourceRow): CheckedKind[] {
  const type = kindType(row);
  return type === undefined ? [] : [{ name: gvkText(row), type }];
}
