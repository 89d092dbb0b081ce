/** The parameters that a binding gives to its policy. @see k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go CollectParams */
import type { ParamKind, ParamRef } from '../../../api/generated/admissionregistration-v1.ts';
import { gvkText, splitApiVersion } from '../../../api/meta.ts';
import type { ResourceRow } from '../../../api/resources.ts';
import { newSelectorMatcher } from '../../../api/selectors.ts';
import type { ApiObject } from '../../api-object.ts';
import type { KindCatalog } from '../../kinds.ts';
import { storageRow } from '../../stored-version.ts';
import type { AdmissionView } from '../admission.ts';

/** A policy or binding that cannot be followed as it stands. */
export class PolicyConfigurationError extends Error {}

/**
 * One evaluation for each; `undefined` stands for one without parameters.
 *
 * @param namespace  of the request
 * @throws PolicyConfigurationError
 */
export function collectParams(
  kind: ParamKind | undefined,
  ref: ParamRef | undefined,
  { kinds, view, namespace }: { kinds: KindCatalog; view: AdmissionView; namespace: string },
): readonly (ApiObject | undefined)[] {
  if (kind === undefined || ref === undefined) return [undefined];
  const row = rowOf(kind, kinds);
  const place = { row, namespace: paramNamespace(row, ref, namespace) };
  const params = ref.name ? named(ref.name, place, view) : selected(ref, place, view);
  if (params.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new PolicyConfigurationError(
      'no params found for policy binding with `Deny` parameterNotFoundAction',
    );
  }
  return params;
}

function rowOf({ apiVersion = '', kind = '' }: ParamKind, kinds: KindCatalog): ResourceRow {
  const { group, version } = splitApiVersion(apiVersion);
  const row = kinds.rows.find(
    (candidate) => candidate.group === group && candidate.version === version && candidate.kind === kind,
  );
  if (row === undefined) {
    throw new PolicyConfigurationError(
      `failed to find resource referenced by paramKind: '${gvkText({ group, version, kind })}'`,
    );
  }
  return row;
}

function paramNamespace(row: ResourceRow, ref: ParamRef, namespace: string): string {
  if (!row.namespaced) {
    if (!ref.namespace) return '';
    throw new PolicyConfigurationError(
      'paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
    );
  }
  const found = ref.namespace || namespace;
  if (found !== '') return found;
  throw new PolicyConfigurationError(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}

interface Place {
  row: ResourceRow;
  namespace: string;
}

function named(name: string, { row, namespace }: Place, view: AdmissionView): ApiObject[] {
  const found = view.get(storageRow(row), namespace, name);
  return found === undefined ? [] : [found];
}

function selected({ selector }: ParamRef, { row, namespace }: Place, view: AdmissionView): ApiObject[] {
  const matches = newSelectorMatcher(selector ?? {});
  return view.list(storageRow(row), namespace).filter(({ metadata }) => matches(metadata.labels));
}
