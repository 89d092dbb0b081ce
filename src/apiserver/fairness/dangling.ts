/** Whether a flow schema leads anywhere, as its status says. @see apf_controller.go presyncFlowSchemaStatus */
import type {
  FlowSchema,
  FlowSchemaCondition,
  FlowSchemaStatus,
} from '../../api/generated/flowcontrol-v1.ts';

/** The status that `schema` should have; `undefined` when it has it. */
export function danglingStatus(
  { spec, status }: Pick<FlowSchema, 'spec' | 'status'>,
  levelExists: boolean,
  now: string,
): FlowSchemaStatus | undefined {
  const { name } = spec.priorityLevelConfiguration;
  const reference = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`;
  const verdict: FlowSchemaCondition = levelExists
    ? { status: 'False', reason: 'Found', message: `${reference} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${reference} but there is no such object` };
  const conditions = status?.conditions ?? [];
  const known = conditions.find(({ type }) => type === 'Dangling');
  const isSame = (['status', 'reason', 'message'] as const).every(
    (field) => known?.[field] === verdict[field],
  );
  if (isSame) return undefined;
  const others = conditions.filter(({ type }) => type !== 'Dangling');
  return { ...status, conditions: [...others, { type: 'Dangling', lastTransitionTime: now, ...verdict }] };
}
