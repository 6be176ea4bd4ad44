import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as v from 'valibot';
import { causeOf, LocalFailure } from '../failure.ts';

interface LevelDatabase {
  open(): Promise<void>;
  close(): Promise<void>;
}

type LevelModule = { Level: new (path: string) => LevelDatabase };

const WithCause = v.object({
  code: v.string(),
  cause: v.object({ code: v.optional(v.string()), message: v.string() }),
});

/**
 * Opens dynalite's store once and closes it: dynalite itself throws past its callers when it cannot, and
 * without the reason.
 */
export async function checkStoreFolder(path: string): Promise<void> {
  try {
    // The store creates its files readable for everyone.
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const { Level }: LevelModule = createRequire(import.meta.resolve('dynalite'))('level');
    const store = new Level(path);
    await store.open();
    await store.close();
  } catch (error) {
    const parsed = v.safeParse(WithCause, error);
    if (parsed.success && parsed.output.cause.code === 'LEVEL_LOCKED') {
      throw new LocalFailure(
        `The data folder is in use by another local instance (${path}): end that, or choose another with --data`,
        {
          cause: error,
        },
      );
    }
    const reason = parsed.success ? parsed.output.cause.message : causeOf(error);
    throw new LocalFailure(`The data folder cannot be opened: ${reason}`, { cause: error });
  }
}
