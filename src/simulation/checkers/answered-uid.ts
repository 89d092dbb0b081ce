/**
 * Which object an answer to a write is about: the object itself, or a Status that names one which is gone. `undefined` for
 * an answer that is about none, such as that to the deletion of a collection.
 */
export function uidInAnswer(answer: unknown): string | undefined {
  if (answer === undefined) return undefined;
  const { metadata, details } = answer as { metadata?: { uid?: string }; details?: { uid?: string } };
  return details?.uid ?? metadata?.uid;
}
