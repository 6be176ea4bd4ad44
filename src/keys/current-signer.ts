import type { Clock } from '../clock.ts';
import { causeOf } from '../log.ts';
import type { Log } from '../log.ts';
import { Unavailable } from '../unavailable.ts';
import { functionCacheSeconds } from './published-key-set.ts';
import { jwtSigner } from './sign-jwt.ts';
import type { JwtSigner } from './sign-jwt.ts';
import { signingKeyAt } from './signing-key-set.ts';
import type { SigningKeySet } from './signing-key-set.ts';

/**
 * Signs with the current key. A rotation reaches every function within `functionCacheSeconds`.
 * @param readKeySet reads the key set; undefined before the first rotation
 */
export function currentSigner(
  readKeySet: () => Promise<SigningKeySet | undefined>,
  { clock, log, typ = 'at+jwt' }: { clock: Clock; log: Log; typ?: string },
): () => Promise<JwtSigner> {
  const load = async () => {
    const set = await readKeySet();
    const key = set && signingKeyAt(set, clock());
    // The first rotation of a new deployment is not complete.
    if (!key) throw new Unavailable('The signing key set', new Error('not rotated yet'));
    return jwtSigner(key, typ);
  };
  return cached(load, {
    freshFor: functionCacheSeconds,
    clock,
    onStale: (error) => log('WARN', { event: 'signing_keys_stale', ...causeOf(error) }),
  });
}

/** Seconds between a failed load and the next attempt while there is an old value to return. */
const reloadAfter = 30;

/**
 * Keeps the result of `load` for `freshFor` seconds. If a later load fails, the old value is returned and the next
 * attempt is made after `reloadAfter`: a store that is down for an hour neither stops a warm function nor slows
 * down each of its requests. Concurrent callers share one load.
 * @param onStale receives the reason why the old value is returned
 */
function cached<Value>(
  load: () => Promise<Value>,
  { freshFor, clock, onStale }: { freshFor: number; clock: Clock; onStale: (cause: unknown) => void },
): () => Promise<Value> {
  let held: { readonly value: Value; readonly loadedAt: number } | undefined;
  let loading: Promise<Value> | undefined;

  async function reload(): Promise<Value> {
    try {
      const value = await load();
      held = { value, loadedAt: clock() };
      return value;
    } catch (error) {
      if (!held) throw error;
      onStale(error);
      held = { value: held.value, loadedAt: clock() - freshFor + reloadAfter };
      return held.value;
    } finally {
      loading = undefined;
    }
  }

  return async () => {
    if (held && clock() - held.loadedAt < freshFor) return held.value;
    loading ??= reload();
    return loading;
  };
}
