/** A command line that is not valid: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The words after `npx postern` of the command whose help explains more. */
  readonly helpOf: string;

  constructor(message: string, helpOf = '') {
    super(message);
    this.helpOf = helpOf;
  }
}
