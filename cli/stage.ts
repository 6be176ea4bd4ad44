import type { StageRecord } from '../lib/stages.ts';
import type { Registry } from '../src/clients/client-registration.ts';
import type { SecretUseStore } from '../src/clients/secret-use.ts';
import type { PublishedKeySetReader, PublishedKeySetWriter } from '../src/keys/published-key-set.ts';
import type { SigningKeySetStore } from '../src/storage/signing-key-set-store.ts';

/** A stage that the command line is connected to. */
export interface Stage extends Registry {
  readonly record: StageRecord;
  /** The options that select it, for commands that are shown: `--stage sandbox --local`. */
  readonly options: string;
  /** Where its partners call it, if that can be found out. */
  readonly url: () => Promise<string | undefined>;
  readonly secretUses: Pick<SecretUseStore, 'lastUse'>;
  readonly signingKeys: SigningKeySetStore;
  readonly publishedKeys: PublishedKeySetReader & PublishedKeySetWriter;
  /** Lets time pass while AWS works. */
  readonly wait: (seconds: number) => Promise<void>;
}
