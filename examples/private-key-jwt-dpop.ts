/**
 * A partner's program without a shared secret: it signs assertions with a key of its own (RFC 7523), and binds
 * its tokens to another (RFC 9449). Register the public half of the first:
 *
 *     npx postern client create --stage sandbox --name Acme --scope orders:read --public-key acme.pub.jwk --dpop
 *     URL=… CLIENT_ID=… PRIVATE_KEY=acme.jwk npx tsx examples/private-key-jwt-dpop.ts
 */
import { readFileSync } from 'node:fs';
import { importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import * as client from 'openid-client';

const { URL: url = '', CLIENT_ID: clientId = '', PRIVATE_KEY: file = '' } = process.env;

const jwk = JSON.parse(readFileSync(file, 'utf8')) as JWK;
const key = (await importJWK(jwk, 'ES256')) as CryptoKey;
const config = await client.discovery(new URL(url), clientId, undefined, client.PrivateKeyJwt(key), {
  algorithm: 'oauth2',
  execute: url.startsWith('http://127.0.0.1:') ? [client.allowInsecureRequests] : [],
});
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
const tokens = await client.clientCredentialsGrant(config, { scope: 'orders:read' }, { DPoP });
console.log(tokens.token_type, tokens.scope);
