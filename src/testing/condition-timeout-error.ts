/** A condition did not come to hold in time. Its message shows what the condition looked at. */
export class ConditionTimeoutError extends Error {
  override name = 'ConditionTimeoutError';
}
