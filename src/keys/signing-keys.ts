import * as v from 'valibot';
import { cached } from '../cached.ts';
import type { Clock } from '../clock.ts';
import { causeOf } from '../log.ts';
import type { Log } from '../log.ts';
import { Unavailable } from '../unavailable.ts';
import { jwtSigner } from './sign-jwt.ts';
import type { JwtSigner } from './sign-jwt.ts';
import { signingKeyAt, SigningKeySet } from './signing-key-set.ts';

/** Seconds that a key set is used before it is read again; a rotation reaches every function within them. */
const freshFor = 60;

/**
 * Signs with the key that is current.
 * @param readKeySet the text of the signing key secret
 * @param typ the `typ` header of what is signed
 */
export function currentSigner(
  readKeySet: () => Promise<string>,
  { clock, log, typ = 'at+jwt' }: { clock: Clock; log: Log; typ?: string },
): () => Promise<JwtSigner> {
  const load = async () => {
    const set = v.safeParse(SigningKeySet, JSON.parse(await readKeySet()));
    // Until the first rotation of a fresh deployment is through, the secret is an empty object.
    if (!set.success) throw new Unavailable('The signing key set', new Error('not rotated yet'));
    return jwtSigner(signingKeyAt(set.output, clock()), typ);
  };
  return cached(load, {
    freshFor,
    clock,
    onStale: (error) => log('WARN', { event: 'signing_keys_stale', ...causeOf(error) }),
  });
}
