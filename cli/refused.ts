/** A valid command that cannot be carried out: exit code 1. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
