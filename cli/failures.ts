/** What was asked for is understood and cannot be done: exit code 1. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** What was typed is not a command: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The words after `npx postern` whose help says more. */
  readonly helpOf: string;

  constructor(message: string, helpOf = '') {
    super(message);
    this.helpOf = helpOf;
  }
}
