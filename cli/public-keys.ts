import { readFile } from 'node:fs/promises';
import { parseClientKeys } from '../src/clients/client-key.ts';
import type { ClientKey } from '../src/clients/client.ts';
import { Refused } from './refused.ts';
import type { Terminal } from './terminal.ts';

/** Names standard input in place of a file. */
export const standardInput = '-';

/** The keys in the file of --public-key. Errors do not repeat its name, because it may be a key typed by mistake. */
export async function readPublicKeys(file: string, terminal: Terminal): Promise<ClientKey[]> {
  const keys = await parseClientKeys(file === standardInput ? await terminal.readText() : await textOf(file));
  if (!keys.ok) throw new Refused(`The public key cannot be used. ${keys.error}`);
  return keys.value;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new Refused(
      `The file of --public-key cannot be read (${code}). Name a file with a JWK, a JWK set or a PEM public key, or - for standard input.`,
    );
  }
}
