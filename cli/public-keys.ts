import { readFile } from 'node:fs/promises';
import { parseClientKeys } from '../src/clients/client-key.ts';
import type { ClientKey } from '../src/clients/client.ts';
import { Refused } from './failures.ts';
import type { Terminal } from './terminal.ts';

/** Stands for standard input where a file is named. */
export const standardInput = '-';

/** The keys in the file of --public-key. Its name is not repeated: it may be a key that was put in its place. */
export async function readPublicKeys(file: string, terminal: Terminal): Promise<ClientKey[]> {
  const keys = await parseClientKeys(file === standardInput ? await terminal.readText() : await textOf(file));
  if (!keys.ok) throw new Refused(`The public key cannot be taken. ${keys.error}`);
  return keys.value;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it does not say why';
    throw new Refused(
      `The file of --public-key cannot be read (${code}). Name a file with a JWK, a JWK set or a PEM public key, or - for standard input.`,
    );
  }
}
