/**
 * Keeps the flow schemas and priority levels with which a cluster starts. Whatever is missing is made again. The mandatory
 * ones are kept as they are prescribed; the suggested ones as long as their annotation says so, or nobody has changed them.
 *
 * @see kubernetes/kubernetes pkg/registry/flowcontrol/{ensurer,rest}
 */
import {
  EXEMPT,
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  type Prescribed,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from '../../api/flow-control/bootstrap.ts';
import type { PriorityLevelConfigurationSpec } from '../../api/generated/flowcontrol-v1.ts';
import { equalJson } from '../../api/json.ts';
import { FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS, type ResourceRow } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import { type ApiObject, copyJson, objectOf } from '../api-object.ts';
import { AS_SERVER, ensureObject } from '../ensure-object.ts';
import { deleteObject } from '../registry/delete.ts';
import { prefixOf, type Registry } from '../registry/registry.ts';
import { updateObject } from '../registry/update.ts';

const AUTOUPDATE = 'apf.kubernetes.io/autoupdate-spec';
/** As Go's strconv.ParseBool reads them. */
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

interface Kept extends Prescribed<object> {
  isMandatory: boolean;
}

/** Levels before the schemas that lead to them. */
const COLLECTIONS: readonly { row: ResourceRow; kept: ReadonlyMap<string, Kept> }[] = [
  {
    row: PRIORITY_LEVEL_CONFIGURATIONS as ResourceRow,
    kept: keptOf(MANDATORY_PRIORITY_LEVELS, SUGGESTED_PRIORITY_LEVELS),
  },
  { row: FLOW_SCHEMAS as ResourceRow, kept: keptOf(MANDATORY_FLOW_SCHEMAS, SUGGESTED_FLOW_SCHEMAS) },
];

function keptOf(
  mandatory: readonly Prescribed<object>[],
  suggested: readonly Prescribed<object>[],
): ReadonlyMap<string, Kept> {
  const all = [
    ...mandatory.map((each) => ({ ...each, isMandatory: true })),
    ...suggested.map((each) => ({ ...each, isMandatory: false })),
  ];
  return new Map(all.map((each) => [each.name, each]));
}

/** Idempotent. Resolves when everything is durable. @throws StatusError when the store cannot write now */
export async function ensureFlowControl(registry: Registry): Promise<void> {
  for (const { row, kept } of COLLECTIONS) {
    const stored = registry.store.list({ prefix: prefixOf(row, '') }).objects.map(objectOf);
    const present = new Set(stored.map(({ metadata }) => metadata.name));
    const missing = [...kept.values()].filter(({ name }) => !present.has(name));
    await Promise.all([
      ...missing.map((prescribed) => create(registry, row, prescribed)),
      ...stored.map((object) => revise(registry, row, object, kept.get(object.metadata.name!))),
    ]);
  }
}

async function create(registry: Registry, row: ResourceRow, { name, spec }: Kept): Promise<void> {
  const metadata = { name, annotations: { [AUTOUPDATE]: 'true' } };
  await ensureObject(registry, row, { metadata, spec }, () => false);
}

async function revise(
  registry: Registry,
  row: ResourceRow,
  stored: ApiObject,
  prescribed: Kept | undefined,
): Promise<void> {
  const target = { row, namespace: '', name: stored.metadata.name! };
  const write =
    prescribed === undefined
      ? removeUnwanted(stored) && deleteObject(registry, target, { ...AS_SERVER, options: {} })
      : revised(stored, prescribed) !== undefined &&
        updateObject(
          registry,
          target,
          { subresource: '', produce: (old) => copyJson(revised(old, prescribed) ?? old) },
          AS_SERVER,
        );
  // Who deletes it meanwhile is right, until the next time.
  if (write) {
    await write.catch((error: unknown) => {
      if (!hasReason(error, 'NotFound')) throw error;
    });
  }
}

/** One of an earlier version, and nobody has said that it should stay. */
function removeUnwanted({ metadata }: ApiObject): boolean {
  return TRUE.has(metadata.annotations?.[AUTOUPDATE] ?? '');
}

/** `stored` as it should be; `undefined` when it is. */
function revised(stored: ApiObject, { name, spec, isMandatory }: Kept): ApiObject | undefined {
  const { metadata } = stored;
  const follows = followsPrescription(metadata);
  const isUpdated = isMandatory || follows;
  // Of the level without limits, what it is allotted may be somebody's choice.
  const keepsExempt = isMandatory && name === EXEMPT && !follows;
  const exempt = (stored.spec as PriorityLevelConfigurationSpec | undefined)?.exempt;
  const wanted = keepsExempt && exempt !== undefined ? { ...spec, exempt } : spec;
  const annotation = String(keepsExempt ? follows : isUpdated);
  const isMarked = (annotation === 'true' ? TRUE : FALSE).has(metadata.annotations?.[AUTOUPDATE] ?? '');
  const isRight = !isUpdated || equalJson(stored.spec, wanted);
  if (isMarked && isRight) return undefined;
  const annotations = isMarked ? metadata.annotations : { ...metadata.annotations, [AUTOUPDATE]: annotation };
  return {
    ...stored,
    metadata: { ...metadata, ...(annotations && { annotations }) },
    ...(isRight ? {} : { spec: { ...wanted } }),
  };
}

/** An annotation that says neither counts as none: then a spec that was never changed is still ours. */
function followsPrescription({ annotations, generation }: ApiObject['metadata']): boolean {
  const value = annotations?.[AUTOUPDATE] ?? '';
  return TRUE.has(value) || (!FALSE.has(value) && generation === 1);
}
