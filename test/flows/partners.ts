import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import type { ClientKey } from '../../src/clients/client.ts';
import { operatorJson } from './operator.ts';
import type { TestStage } from './stages.ts';

const Registered = v.object({ clientId: v.string(), clientSecret: v.optional(v.string(), '') });

interface Registration {
  readonly publicKey?: ClientKey;
  /** What the partner has sent instead: a JWK, a JWK set or PEM. */
  readonly keyFile?: string;
  /** Further options of `client create`. */
  readonly options?: readonly string[];
}

/** Registers a partner with `client create`, as an operator does. */
export async function registerPartner(
  stage: TestStage,
  { publicKey, keyFile = publicKey && JSON.stringify(jwkOf(publicKey)), options = [] }: Registration = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-partner-'));
  try {
    const file = join(folder, 'key.json');
    if (keyFile !== undefined) await writeFile(file, keyFile);
    const key = keyFile === undefined ? [] : ['--public-key', file];
    const scopes = options.includes('--account')
      ? []
      : ['--scope', 'orders:read', '--scope', 'orders:create'];
    const argv = ['client', 'create', '--name', 'Partner', ...scopes, ...key, ...options];
    return v.parse(Registered, await operatorJson(stage, ...argv));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A registered key as the JWK that a partner would send. */
function jwkOf(key: ClientKey) {
  const { algorithms, kidSource: _, ...jwk } = key;
  return { ...jwk, alg: algorithms[0] };
}
