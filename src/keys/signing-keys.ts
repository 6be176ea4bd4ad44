import { cached } from '../cached.ts';
import type { Clock } from '../clock.ts';
import { causeOf } from '../log.ts';
import type { Log } from '../log.ts';
import { Unavailable } from '../unavailable.ts';
import { jwtSigner } from './sign-jwt.ts';
import type { JwtSigner } from './sign-jwt.ts';
import { functionCacheSeconds, signingKeyAt } from './signing-key-set.ts';
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
