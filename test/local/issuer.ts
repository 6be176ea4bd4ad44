import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { closeServer, listenOnLoopback } from '../../local/loopback-server.ts';
import { afterThisTest } from '../after-this-test.ts';
import type { RegisterCleanup } from '../after-this-test.ts';

/** An issuer with a discovery document and one key of each kind, closed after the test, or by what `cleanUp` registers. */
export async function startIssuer(cleanUp: RegisterCleanup = afterThisTest) {
  const keys = { RS256: await generateKeyPair('RS256'), ES256: await generateKeyPair('ES256') };
  const published = await Promise.all(
    Object.entries(keys).map(async ([alg, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid: alg,
      alg,
    })),
  );
  const requests: string[] = [];
  let isSilent: (path: string) => boolean = () => false;
  let url = '';
  let isPublishing = true;
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (isSilent(request.url ?? '')) return;
    const documents: Record<string, object> = {
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/keys` },
      ...(isPublishing && { '/keys': { keys: published } }),
    };
    const document = documents[request.url ?? ''];
    response.statusCode = document ? 200 : 404;
    response.end(JSON.stringify(document));
  });
  url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  cleanUp(() => closeServer(server));

  const sign = (
    claims: Record<string, unknown>,
    { alg = 'RS256', kid = alg }: { alg?: 'RS256' | 'ES256'; kid?: string } = {},
  ) =>
    new SignJWT(stated({ iss: url, aud: 'the-api', exp: seconds(60), iat: seconds(0), ...claims }))
      .setProtectedHeader({ alg, kid })
      .sign(keys[alg].privateKey);
  const withoutKeys = () => (isPublishing = false);
  /** Gives no response to requests for a path, of those so far and this one, that `isChosen` chooses by their number. */
  const silence = (path: string, isChosen: (count: number) => boolean) => {
    isSilent = (requested) => requested === path && isChosen(requests.filter((one) => one === path).length);
  };
  return { url, requests, silence, sign, withoutKeys };
}

/** Claims without those that are null: a token does not state them. */
const stated = (claims: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));

/** The NumericDate that is so many seconds ahead. */
export const seconds = (ahead: number) => Math.floor(Date.now() / 1_000) + ahead;
