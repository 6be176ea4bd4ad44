import * as v from 'valibot';
import { PublicSigningKey } from './signing-key.ts';

/**
 * The public keys of a stage as the rotation published them. They are stored apart from the private ones, so that a
 * function that only verifies cannot read a key that signs.
 */
export const PublishedKeySet = v.object({ keys: v.array(PublicSigningKey) });
export type PublishedKeySet = v.InferOutput<typeof PublishedKeySet>;

export interface PublishedKeySetReader {
  find(): Promise<PublishedKeySet | undefined>;
}

export interface PublishedKeySetWriter {
  put(set: PublishedKeySet): Promise<void>;
}
