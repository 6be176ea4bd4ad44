import type { Client } from '../clients/client.ts';
import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';

/**
 * The audience of a token: the one that `resource` or `audience` asks for, among those that the client may
 * have, or the stage's own (RFC 8707 §2). A token is for one audience, which keeps what a stolen one opens
 * small (RFC 9700 §2.3).
 */
export function grantTarget(
  client: Client,
  { resource, audience }: { readonly resource?: string; readonly audience?: string },
  ownAudience: string,
): Result<string, OAuthError> {
  if (resource !== undefined && audience !== undefined && resource !== audience) {
    return refuse('invalid_target', 'Ask for one audience: resource and audience differ.', {
      clientId: client.id,
    });
  }
  const asked = resource ?? audience ?? ownAudience;
  if (asked === ownAudience || client.audiences.includes(asked)) return ok(asked);
  return refuse('invalid_target', undefined, { clientId: client.id });
}
