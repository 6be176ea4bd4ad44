/** A failure whose cause the person at the keyboard can correct: its message is shown without a stack. */
export class LocalFailure extends Error {
  override readonly name = 'LocalFailure';
}

/** The first line of an error's message, or of whatever was thrown. */
export function causeOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.trim().split('\n')[0] ?? text;
}
