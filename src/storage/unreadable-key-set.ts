/**
 * The secret is not a key set that this version can read. It has a file of its own because the command line must know
 * it without loading an AWS client.
 */
export class UnreadableKeySet extends Error {
  override readonly name = 'UnreadableKeySet';
}
