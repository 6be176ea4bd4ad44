import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { ClientKey } from '../../src/clients/client.ts';
import type { TestStage } from './stages.ts';
import { projectFolder } from './start-stages.ts';

const run = promisify(execFile);

/** Runs `npx postern` on the sandbox, as an operator does, and returns its JSON output. */
export async function postern(stage: TestStage, ...argv: readonly string[]): Promise<unknown> {
  const { port } = new URL(stage.url);
  const where = ['--stage', 'sandbox', '--local', '--port', port, '--json'];
  const { stdout } = await run(process.execPath, ['bin/postern.js', ...argv, ...where], {
    cwd: projectFolder,
  });
  return JSON.parse(stdout);
}

const Registered = v.object({ clientId: v.string(), clientSecret: v.optional(v.string(), '') });

interface Registration {
  readonly publicKey?: ClientKey;
  /** What the partner has sent instead: a JWK, a JWK set or PEM. */
  readonly keyFile?: string;
  /** Further options of `client create`. */
  readonly options?: readonly string[];
}

/** Registers a partner in the sandbox with `client create`, as an operator does. */
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
    return v.parse(Registered, await postern(stage, ...argv));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A registered key as the JWK that a partner would send. */
function jwkOf(key: ClientKey) {
  const { algorithms, kidSource: _, ...jwk } = key;
  return { ...jwk, alg: algorithms[0] };
}
