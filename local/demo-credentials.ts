import { existsSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { clientKinds } from '../src/clients/client.ts';
import { writeAtomically } from './atomic-file.ts';
import { LocalFailure } from './failure.ts';

/** A client that was registered for trying things out, with what a person needs to use it. */
export const DemoClient = v.object({
  name: v.string(),
  kind: v.picklist(clientKinds),
  clientId: v.string(),
  clientSecret: v.exactOptional(v.string()),
  /** Account of the client, where it gets session tokens. */
  mageId: v.exactOptional(v.string()),
  /** `tradingPartnerId` values that it may order for. */
  tradingPartnerIds: v.exactOptional(v.array(v.string())),
  scopes: v.array(v.string()),
  defaultScopes: v.array(v.string()),
});
export type DemoClient = v.InferOutput<typeof DemoClient>;

/** The clients of each stage, by its name. */
const DemoCredentials = v.record(v.string(), v.array(DemoClient));
export type DemoCredentials = v.InferOutput<typeof DemoCredentials>;

/**
 * Completes the credentials in `file`, and writes them before anybody registers them: a start that dies in
 * between leaves no client whose secret is unknown. Without a file nothing is kept.
 */
export function keptCredentials(
  file: string | undefined,
  complete: (known: DemoCredentials) => DemoCredentials,
): DemoCredentials {
  const known = file !== undefined && existsSync(file) ? readCredentials(file) : {};
  const credentials = complete(known);
  if (file !== undefined) writeAtomically(file, `${JSON.stringify(credentials, null, 2)}\n`);
  return credentials;
}

function readCredentials(file: string): DemoCredentials {
  try {
    return v.parse(DemoCredentials, JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LocalFailure(`${file} cannot be read (${why}): correct it, or delete it to get new partners`);
  }
}
