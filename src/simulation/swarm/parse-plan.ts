/** Reads a plan back from its file. */
import { isJsonObject, type JsonValue } from '../../api/json.ts';
import { checkFault } from '../faults/fault-table.ts';
import { partiesOfPlan, type SwarmPlan } from './plan.ts';
import { USER_ACTIONS } from './user-actions.ts';

/** A file that holds no plan that this version can run. */
export class PlanError extends Error {
  override name = 'PlanError';
}

const FIELDS: Readonly<Record<keyof SwarmPlan, (value: JsonValue) => boolean>> = {
  seed: (value) => typeof value === 'string',
  chaosMs: isTime,
  cluster: (value) =>
    isJsonObject(value) &&
    Number.isInteger(value['nodes']) &&
    isJsonObject(value['latencyMs']) &&
    isJsonObject(value['flushMs']) &&
    isJsonObject(value['storeLimits']),
  programs: isJsonObject,
  objects: isListOfObjects,
  faults: isListOfObjects,
  actions: isListOfObjects,
};

/** @throws PlanError, FaultError that name the place of what is wrong */
export function parsePlan(value: JsonValue): SwarmPlan {
  if (!isJsonObject(value)) throw new PlanError('a plan is an object');
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(FIELDS, name)) throw new PlanError(`unknown field "${name}"`);
  }
  for (const [name, holds] of Object.entries(FIELDS)) {
    const field = value[name];
    if (field === undefined) throw new PlanError(`"${name}" is missing`);
    if (!holds(field)) throw new PlanError(`"${name}" is not what a plan has there`);
  }
  const plan = value as unknown as SwarmPlan;
  const parties = partiesOfPlan(plan.cluster);
  for (const [index, fault] of plan.faults.entries()) {
    const place = `faults[${index}]`;
    checkStep(fault, place, plan.chaosMs);
    checkFault(fault, { parties, place });
  }
  for (const [index, action] of plan.actions.entries()) {
    const place = `actions[${index}]`;
    checkStep(action, place, plan.chaosMs);
    checkAction(action.action, place);
  }
  return plan;
}

function checkStep(
  { atMs, parameters }: { atMs: number; parameters: unknown },
  place: string,
  chaosMs: number,
): void {
  if (!isTime(atMs) || atMs >= chaosMs) throw new PlanError(`${place}.atMs must be a time before ${chaosMs}`);
  if (!isJsonObject(parameters)) throw new PlanError(`${place}.parameters must be an object`);
}

function checkAction(action: string, place: string): void {
  if (Object.hasOwn(USER_ACTIONS, action)) return;
  const known = Object.keys(USER_ACTIONS).join(', ');
  throw new PlanError(`${place}: unknown action "${action}"; there are: ${known}`);
}

function isTime(value: JsonValue): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isListOfObjects(value: JsonValue): boolean {
  return Array.isArray(value) && value.every(isJsonObject);
}
