/** The command was called wrongly: exit code 2. The message is one line that says what, where and what to do. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Something outside failed that is no API status: a file, a missing cluster. Exit code 1, same form. */
export class CommandError extends Error {
  override name = 'CommandError';
}
