import type { StageRecord } from '../lib/stages.ts';
import type { RegistrationContext } from '../src/oauth/client-registration.ts';

/** A stage that the command line is connected to. */
export interface Stage extends RegistrationContext {
  readonly record: StageRecord;
  /** The options that select it, for commands that are shown: `--stage sandbox --local`. */
  readonly options: string;
  /** Where its partners call it, if that can be found out. */
  readonly url: () => Promise<string | undefined>;
}
